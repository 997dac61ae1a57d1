"""With IAM enforced: every function's role suffices for the main job, from the webhook to the gift card's delivery.

Without this the emulator lets every function do everything, and a forgotten permission shows on AWS only.
"""

from collections.abc import Iterator

import boto3
import pytest
import requests
import schemathesis
from botocore.exceptions import ClientError

from infra.local.cloud import Cloud, running_cloud
from infra.local.demo.driver import Driver
from infra.local.layout import REGION, REPOSITORY
from tests.by_document import BASE as BY_DOCUMENT
from tests.by_document import breaches
from tests.integration.conftest import FIRST_PORT, free_port_base, worker_name
from tests.integration.flows import approve, job, payout_of, pending_conversion, to_a_weekday_morning
from tests.integration.inside import inside

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def strict() -> Iterator[Cloud]:
    directory = REPOSITORY / ".local" / f"test-iam-{worker_name()}"
    with running_cloud(directory, free_port_base(FIRST_PORT + 600), enforce_iam=True) as cloud:
        yield cloud


def test_a_stranger_to_the_account_may_do_nothing(strict: Cloud) -> None:
    stranger = boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=strict.layout.aws_url,
        aws_access_key_id="AKIASTRANGER00000000",
        aws_secret_access_key="stranger",
    )
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.get_item(TableName="moref-local-core", Key={"pk": {"S": "x"}, "sk": {"S": "self"}})


def test_roles_suffice_for_a_referral_up_to_its_delivered_gift_card(strict: Cloud) -> None:
    driver = Driver(strict.outputs)
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
    assert _refusals(strict) == []


def test_every_address_of_the_api_answers_as_its_document_says(strict: Cloud) -> None:
    """Over HTTP, with an organization of its own. A forgotten permission would be a 5xx here."""
    now = Driver(strict.outputs).now().isoformat()
    made = inside(strict, "tests.integration.newcomer", name="document", now=now)
    api, session = strict.outputs["api_url"], requests.Session()
    document = session.get(f"{api}/v1/openapi.json", timeout=30).json()

    def send(request: requests.PreparedRequest) -> schemathesis.Response:
        request.url = str(request.url).replace(BY_DOCUMENT, api)
        request.headers["authorization"] = f"Bearer {made['owner_token']}"
        answer = session.send(request, timeout=60)
        return schemathesis.Response.from_requests(answer, verify=False)

    asked, wrong = breaches(document, send, examples=1)
    assert asked > 2 * len(document["paths"])
    assert wrong == []
    assert _refusals(strict) == []


def _refusals(cloud: Cloud) -> list[str]:
    """Also what a function was refused and got over: a sweeper that may not send hides until it is needed."""
    lines = (line for file in cloud.layout.logs.glob("*.log") for line in file.read_text().splitlines())
    return [line[-400:] for line in lines if "AccessDenied" in line or "is not authorized to perform" in line]
