"""Whose pace a message is sent at. A lane is one sender's: the platform's SES account, which every organization shares,
an organization's account at a vendor, or one of its numbers. How fast it is, is data (data/paces.json).
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from moref.kernel.keys import GLOBAL
from moref.messaging.channels.base import Account, Channel, Outgoing
from moref.messaging.segments import segments
from moref.runtime import Runtime

_DATA = Path(__file__).with_name("data") / "paces.json"
_SLOWEST, _FASTEST = Decimal("0.01"), Decimal(1000)  # units a second; beyond them a figure is a slip
_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Lane:
    """`owner` has its clock: an organization, or GLOBAL. A unit (a segment, an e-mail) takes `gap` of it."""

    owner: str
    name: str
    gap: timedelta


def lane_name(channel: Channel, sender: str) -> str:
    """`sender` is a number or messaging service; e-mail has one lane for all its names."""
    return f"{channel.NAME}.{sender}" if channel.LANE == "sender" else channel.NAME


def lane_of(runtime: Runtime, channel: Channel, account: Account, out: Outgoing) -> Lane:
    owner = GLOBAL if channel.LANE == "platform" else out.organization_id
    rate = _told(channel, account) or _quota(runtime, channel, account) or _published(runtime, channel, out.sender)
    return Lane(owner, lane_name(channel, out.sender), timedelta(microseconds=int(_MICROSECONDS / rate)))


def units(channel: Channel, out: Outgoing) -> int:
    return segments(out.body) if channel.KIND == "sms" else 1


def _told(channel: Channel, account: Account) -> Decimal | None:
    """What the organization was granted, e.g. for its 10DLC campaign; a figure that is none is not believed."""
    try:
        return _within(Decimal(account.config.get(f"{channel.NAME}_per_second", "")))
    except InvalidOperation:
        return None


def _quota(runtime: Runtime, channel: Channel, account: Account) -> Decimal | None:
    ask = getattr(channel, "quota", None)
    told: Decimal | None = None if ask is None else ask(runtime, account)
    return None if told is None else _within(told * _paces()["quota_percent"] / 100)


def _published(runtime: Runtime, channel: Channel, sender: str) -> Decimal:
    today, kind = runtime.clock.now().date(), kind_of(sender)
    rows = [
        row
        for row in _paces()["rows"]
        if row["lane"] == channel.NAME and row.get("sender", kind) == kind and date.fromisoformat(row["from"]) <= today
    ]
    newest = max(rows, key=lambda row: row["from"], default={"per_second": _SLOWEST})
    return _within(Decimal(newest["per_second"])) or _SLOWEST


def kind_of(sender: str) -> str:
    """What kind of Twilio sender it is; it decides the rate."""
    if sender.startswith("MG"):
        return "messaging_service"
    if re.fullmatch(r"\d{5,6}", sender):
        return "short_code"
    return "toll_free" if _TOLL_FREE.match(sender) else "long_code"


def _within(rate: Decimal) -> Decimal | None:
    return min(max(rate, _SLOWEST), _FASTEST) if rate.is_finite() and rate > 0 else None


@cache
def _paces() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return found
