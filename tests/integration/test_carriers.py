"""E-mail on the embedded AWS, by SES or by the organization's SendGrid; what becomes of it comes back signed."""

import json
from typing import Any

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from infra.local.sandbox.sendgrid import verification_key
from tests.integration.flows import job, to_a_weekday_morning

pytestmark = pytest.mark.cloud


@pytest.fixture
def bluebird(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


@pytest.fixture
def redbird(cloud: Cloud) -> Driver:
    """The seed's other organization, which sends by SendGrid from here on."""
    driver = Driver(cloud.outputs | cloud.outputs["other"])
    key = "SG.sandbox-key-redbird"
    body = {"api_key": key, "verification_key": verification_key(key), "from_email": "hello@redbird.example.com"}
    answer = driver.api("PUT", "/vendor-accounts/sendgrid", json=body)
    assert answer.status_code == 200, answer.text
    account = {"vendor": "sendgrid", "api_key": key, "url": answer.json()["hook_url"]}
    assert driver.http.post(f"{driver.desk}/_register", json=account, timeout=30).ok
    return driver


def asked_by_mail(driver: Driver, who: str) -> dict[str, Any]:
    """A customer without a phone is asked for a score by e-mail; the message as staff see it."""
    to_a_weekday_morning(driver)
    address = f"{who}@customer.example.com"
    notice = job(who, ["booked", "completed"], driver.now(), phone="")
    notice["customer"] = {"id": f"C-{who}", "first_name": who, "last_name": "Test", "email": address}
    answer = driver.webhook(notice)
    assert answer.status_code == 202, answer.text
    driver.move(3 * 3600)
    sent = driver.wait_for("the e-mail", lambda: driver.messages(address))[-1]

    def ours() -> dict[str, Any] | None:
        found = [m for m in driver.items("/messages") if m["provider_id"] and m["provider_id"] in sent["provider_id"]]
        return found[0] if found else None

    return driver.wait_for("the message's row", ours)


def told(driver: Driver, carrier: str, message: dict[str, Any], kind: str) -> dict[str, Any]:
    """The carrier tells something of the message; the message as it stands then."""
    params = {"message": message["id"], "kind": kind}
    answer = driver.http.post(f"{driver.desk}/{carrier}/_event", params=params, timeout=60)
    assert answer.ok, answer.text
    driver.move(1)
    found: dict[str, Any] = driver.api("GET", f"/messages/{message['id']}").json()
    return found


def test_ses_tells_by_sns_what_became_of_a_mail_and_a_bounce_ends_writing_to_it(bluebird: Driver) -> None:
    message = asked_by_mail(bluebird, "boris")
    assert message["status"] == "sent"
    opened = told(bluebird, "ses", message, "open")
    assert opened["status"] == "delivered"
    bounced = told(bluebird, "ses", message, "bounce")
    assert (bounced["status"], bounced["reason"]) == ("undelivered", "Permanent/General")
    listed = bluebird.items("/do-not-contact")
    assert [row["reason"] for row in listed if row["channel"] == "email"] == ["bounce"]


def test_a_message_of_sns_that_amazon_did_not_sign_changes_nothing(bluebird: Driver) -> None:
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"messageId": "x"}}
    body = {
        "Type": "Notification", "MessageId": "forged-1", "Message": json.dumps(event), "Signature": "AAAA",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:moref-local-mail-events", "SignatureVersion": "2",
        "Timestamp": bluebird.now().isoformat(),
        "SigningCertURL": f"{bluebird.desk}/sns/SimpleNotificationService-sandbox.pem",
    }  # fmt: skip
    for change in ({}, {"SigningCertURL": "https://sns.evil.example/x.pem"}, {"TopicArn": "arn:aws:sns:other"}):
        answer = requests.post(f"{bluebird.api_url}/hooks/ses/platform", json=body | change, timeout=60)
        assert answer.status_code == 401, answer.text


def test_an_organization_with_sendgrid_sends_by_it_and_hears_from_it(redbird: Driver) -> None:
    message = asked_by_mail(redbird, "rosa")
    assert message["status"] == "delivered"  # SendGrid tells by itself
    (request,) = [one for one in redbird.vendor_requests("sendgrid") if one["method"] == "POST"]
    assert request["valid"] in (True, None), request["error"]
    assert told(redbird, "sendgrid", message, "click")["status"] == "delivered"
    told(redbird, "sendgrid", message, "spamreport")
    assert [row["reason"] for row in redbird.items("/do-not-contact")] == ["complaint"]
