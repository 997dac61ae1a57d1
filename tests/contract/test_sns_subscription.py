"""SNS asks whether we want the topic's messages: the worker says yes, at Amazon's address for our own topic only."""

import json

import pytest

from moref.kernel.errors import Malformed, Retry
from moref.messaging.channels import ses
from tests.contract.signers import certificates
from tests.fakes.runtime import fake_runtime

TOPIC = "arn:aws:sns:us-east-1:123456789012:mail"
QUERY = f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t0"
ANSWERED = "1:123456789012:mail&Token=t0"  # what the server goes by


def asks(url: str, kind: str = "SubscriptionConfirmation") -> bytes:
    return json.dumps({"Type": kind, "TopicArn": TOPIC, "SubscribeURL": url}).encode()


def answer(body: bytes, files: dict[str, bytes], base: str = "") -> list[str]:
    """What was asked of SNS when the worker handled this; `BASE` in the body stands for SNS's address."""
    with certificates(files) as (here, asked):
        runtime = fake_runtime(vendor_urls=json.dumps({"sns": base or here}))
        assert ses.handshake(runtime, body.replace(b"BASE", here.encode())) is True
        return asked


def test_it_is_confirmed_at_the_address_that_was_told() -> None:
    assert answer(asks(f"BASE{QUERY}"), {ANSWERED: b"ok"}) == [QUERY]


@pytest.mark.parametrize(
    "url",
    [
        f"https://sns.evil.example{QUERY}",
        f"BASE.evil.example{QUERY}",
        f"BASE@evil.example{QUERY}",
        "BASE/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:other&Token=t",
        "BASE/?Action=ConfirmSubscription&Token=t",
        f"BASE/?Action=Unsubscribe&TopicArn={TOPIC}",
        f"BASE/elsewhere{QUERY}",
        "",
    ],
)
def test_no_other_address_is_ever_asked(url: str) -> None:
    with pytest.raises(Malformed):
        answer(asks(url), {ANSWERED: b"ok"})


@pytest.mark.parametrize("files", [{}, {ANSWERED: b"500"}])
def test_when_amazon_does_not_confirm_it_is_tried_again(files: dict[str, bytes]) -> None:
    with pytest.raises(Retry):
        answer(asks(f"BASE{QUERY}"), files)


def test_a_subscription_that_somebody_ended_is_counted_and_not_made_again() -> None:
    assert answer(asks(f"BASE{QUERY}", "UnsubscribeConfirmation"), {ANSWERED: b"ok"}) == []


def test_outside_the_local_stage_it_is_amazons_host_in_the_topics_region() -> None:
    assert ses.keys_at(TOPIC, "{}") == "https://sns.us-east-1.amazonaws.com"
