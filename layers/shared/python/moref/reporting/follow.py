"""Which subjects an event concerns: what may add something else to the counters now."""

from collections.abc import Callable, Iterator
from typing import Any

from moref.conversions.model import Conversion
from moref.messaging.model import Message
from moref.records import Store
from moref.referrals.model import Link, Referral
from moref.reporting.count_subject import count_subject
from moref.reporting.stages import left
from moref.rewards.model import Reward
from moref.runtime import Runtime

Subject = tuple[str, str]  # noun and id


def follow(runtime: Runtime, event: dict[str, Any]) -> None:
    """On every event that reports hear. Raises Conflict after lost races."""
    org = event["organization_id"]
    for noun, id in dict.fromkeys(CONCERNS[event["name"]](runtime.store, org, event)):
        count_subject(runtime, org, noun, id)


def _message(store: Store, org: str, event: dict[str, Any]) -> Iterator[Subject]:
    """One that carried a link: somebody was asked, and a click may have come by it."""
    message = store.find(Message, org, event["subject"])
    code = message.link_code if message is not None and left(message) else None
    if message is None or code is None:
        return
    if message.enrollment_id is not None:
        yield "enrollment", message.enrollment_id
    yield "link", code
    link = store.find(Link, org, code)
    if link is not None:
        yield "advocate", link.advocate_id


def _referral(store: Store, org: str, id: str) -> Iterator[Subject]:
    yield "referral", id
    found = store.find(Referral, org, id)
    if found is not None:
        yield "advocate", found.advocate_id


def _conversion(store: Store, org: str, event: dict[str, Any]) -> Iterator[Subject]:
    yield "conversion", event["subject"]
    found = store.find(Conversion, org, event["subject"])
    if found is not None:
        yield "referral", found.referral_id


def _reward(store: Store, org: str, id: str) -> Iterator[Subject]:
    yield "reward", id
    found = store.find(Reward, org, id)
    earned = store.find(Conversion, org, found.conversion_id) if found is not None and found.conversion_id else None
    if earned is not None:
        yield "referral", earned.referral_id


def _payout(store: Store, org: str, event: dict[str, Any]) -> Iterator[Subject]:
    yield "payout", event["subject"]
    yield from _reward(store, org, event["data"]["reward_id"])


CONCERNS: dict[str, Callable[[Store, str, dict[str, Any]], Iterator[Subject]]] = {
    "message.changed": _message,
    "link.clicked": lambda store, org, event: iter([("link", event["subject"])]),
    "lead.created": lambda store, org, event: _referral(store, org, event["data"]["referral_id"]),
    "referral.changed": lambda store, org, event: _referral(store, org, event["subject"]),
    "partner.onboarded": lambda store, org, event: iter([("advocate", event["subject"])]),
    "conversion.changed": _conversion,
    "reward.changed": lambda store, org, event: _reward(store, org, event["subject"]),
    "reward.reversed": lambda store, org, event: _reward(store, org, event["subject"]),
    "payout.changed": _payout,
}
