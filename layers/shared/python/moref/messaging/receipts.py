"""What a provider said of one of its ids, kept, and brought to the message it is about.

Reports come twice, out of order, and before we noted the id: the receipt keeps the furthest of them, and whoever of
reporter and sender comes last applies it.
"""

from datetime import datetime
from typing import Any

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.messaging.channels.base import Report
from moref.messaging.model import Message, MessageStatus, Receipt, ReportState
from moref.messaging.opt_out import opt_out
from moref.messaging.senders import block
from moref.messaging.told import told
from moref.records import Change, Create
from moref.runtime import Runtime
from moref.tenants.model import Location

TRIES = 5
OPTED_OUT = "21610"  # Twilio: the person sent STOP
# Twilio: carriers drop every text of this number, whoever it is for, until its registration is mended.
UNREGISTERED = "30034"

# How far each report is; a lower one never replaces a higher one.
RANK: dict[ReportState, int] = {
    "sent": 1, "failed": 2, "undelivered": 2, "delivered": 3, "opened": 3, "clicked": 3, "bounced": 4,
}  # fmt: skip
_STATUS: dict[ReportState, MessageStatus] = {
    "sent": "sent", "failed": "failed", "undelivered": "undelivered",
    "delivered": "delivered", "opened": "delivered", "clicked": "delivered", "bounced": "undelivered",
}  # fmt: skip
_RANK_OF_OURS: dict[MessageStatus, int] = {"sent": 1, "failed": 2, "undelivered": 2, "delivered": 3}


def keep_receipt(runtime: Runtime, organization_id: str, report: Report) -> None:
    """Raises Conflict after five lost races."""
    id, now = _id(organization_id, report.provider_id), runtime.clock.now()
    for _ in range(TRIES):
        before = runtime.store.find(Receipt, organization_id, id)
        seen = _seen(before, report, now)
        further = before is None or RANK[report.state] > RANK[before.state]
        if further:
            seen |= {"state": report.state, "error_code": report.code}
        if not seen:
            return
        try:
            if before is not None:
                runtime.store.commit(Change(before, before.changed(now, **seen)))
            else:
                common = {"organization_id": organization_id, "created_at": now, "updated_at": now}
                runtime.store.commit(Create(Receipt(id=id, provider_id=report.provider_id, **common, **seen)))
        except Conflict:
            continue
        return
    raise Conflict("the receipt is being changed by others")


def apply_receipt(runtime: Runtime, organization_id: str, provider_id: str, message_id: str) -> None:
    """Brings the message up to what the receipt says. Whoever of reporter and sender comes last does it."""
    for _ in range(TRIES):
        receipt = runtime.store.find(Receipt, organization_id, _id(organization_id, provider_id))
        message = runtime.store.find(Message, organization_id, message_id)
        if receipt is None or message is None:
            return
        now = runtime.clock.now()
        news = _news(receipt, message, now)
        if not news:
            return
        try:
            after = message.changed(now, **news)
            runtime.store.commit(Change(message, after), *told(after))
        except Conflict:
            continue
        if news.get("status") in ("failed", "undelivered"):
            runtime.metrics.count("message_undelivered")
        _consequences(runtime, message, receipt.error_code)
        return
    raise Conflict("the message is being changed by others")


def _consequences(runtime: Runtime, message: Message, code: str | None) -> None:
    org = message.organization_id
    if code == OPTED_OUT and message.address:
        opt_out(runtime, org, message.channel, message.address, OPTED_OUT)
    elif code == UNREGISTERED and message.channel != "email":
        location = runtime.store.find(Location, org, message.location_id)
        if location is not None and location.sms_sender:
            block(runtime, org, message.channel, location.sms_sender, f"Twilio {code}: the sender is not registered")


def _news(receipt: Receipt, message: Message, now: datetime) -> dict[str, Any]:
    """The fields in which the message is behind."""
    state = receipt.state
    status = _STATUS[state]
    news: dict[str, Any] = {}
    if RANK[state] > _RANK_OF_OURS.get(message.status, 0) and status != message.status:
        failed = status in ("failed", "undelivered")
        news = {"status": status, "reason": receipt.error_code if failed else None}
        news["delivered_at"] = now if status == "delivered" else message.delivered_at
    for name in ("opened_at", "clicked_at"):
        if getattr(message, name) is None and (at := getattr(receipt, name)) is not None:
            news[name] = at
    return news


def _seen(before: Receipt | None, report: Report, now: datetime) -> dict[str, Any]:
    """The first time of opening and of clicking; to click something is to have opened it."""
    names = {"opened": ("opened_at",), "clicked": ("opened_at", "clicked_at")}.get(report.state, ())
    return {name: report.at or now for name in names if before is None or getattr(before, name) is None}


def _id(organization_id: str, provider_id: str) -> str:
    return ids.derived("rcp", organization_id, provider_id)
