"""Every function's role suffices for the main job, from the webhook to the gift card's delivery, and for the whole API.

The embedded AWS enforces IAM in every test; here nothing may be refused that a function got over by itself.
"""

import boto3
import pytest
import requests
import schemathesis
import time_machine
from botocore.exceptions import ClientError

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from infra.local.layout import REGION
from tests.by_document import BASE as BY_DOCUMENT
from tests.by_document import breaches
from tests.integration.conftest import refusals
from tests.integration.flows import approve, job, payout_of, pending_conversion, to_a_weekday_morning
from tests.integration.inside import inside

pytestmark = pytest.mark.cloud


def test_a_stranger_to_the_account_may_do_nothing(cloud: Cloud) -> None:
    stranger = boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=cloud.layout.aws_url,
        aws_access_key_id="AKIASTRANGER00000000",
        aws_secret_access_key="stranger",
    )
    with (
        time_machine.travel(Driver(cloud.outputs).now(), tick=True),  # else it is refused for its old signature
        pytest.raises(ClientError, match="UnrecognizedClientException"),
    ):
        stranger.get_item(TableName="moref-local-core", Key={"pk": {"S": "x"}, "sk": {"S": "self"}})


def test_roles_suffice_for_a_referral_up_to_its_delivered_gift_card(cloud: Cloud) -> None:
    driver = Driver(cloud.outputs)
    to_a_weekday_morning(driver)
    by_mail = job("strict-mail", ["booked", "completed"], driver.now(), phone="")
    by_mail["customer"]["email"] = "strict@example.com"
    driver.webhook(by_mail)
    conversion = pending_conversion(driver, "strict", 90)
    approve(driver, conversion["id"], "strict")

    def delivered() -> bool:
        payout = payout_of(driver, conversion)
        return payout is not None and payout["status"] == "delivered"

    driver.wait_for("a delivered payout", delivered)
    driver.message("strict@example.com", "/review/")
    driver.move(1800)  # the reward's SMS, and a round of sweeper and reconcile
    assert refusals(cloud) == []


def test_every_address_of_the_api_answers_as_its_document_says(cloud: Cloud) -> None:
    """Over HTTP, with an organization of its own. A forgotten permission would be a 5xx here."""
    now = Driver(cloud.outputs).now().isoformat()
    made = inside(cloud, "tests.integration.newcomer", name="document", now=now)
    api, session = cloud.outputs["api_url"], requests.Session()
    document = session.get(f"{api}/v1/openapi.json", timeout=30).json()

    def send(request: requests.PreparedRequest) -> schemathesis.Response:
        request.url = str(request.url).replace(BY_DOCUMENT, api)
        request.headers["authorization"] = f"Bearer {made['owner_token']}"
        answer = session.send(request, timeout=60)
        return schemathesis.Response.from_requests(answer, verify=False)

    asked, wrong = breaches(document, send, examples=1)
    assert asked > 2 * len(document["paths"])
    assert wrong == []
    assert refusals(cloud) == []
