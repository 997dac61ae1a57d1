"""Stops an organization's e-mail before mailbox providers do: at too many bounces or complaints (data/reputation.json).

Counted by day in a few rows each, so that many senders do not wait for one another. A report counts once per message
however often it comes. What was sent may be counted too low (a worker that died): that only stops e-mail sooner.
"""

import json
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal
from zlib import crc32

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.messaging.senders import EMAIL, Sender, block
from moref.records import Change, Create, Entity, Write
from moref.runtime import Runtime

Trouble = Literal["bounced", "complained"]
KEPT = timedelta(days=30)
_RULES = Path(__file__).parent / "data" / "reputation.json"
_SHARDS = 4
_TRIES = 6


class MailCount(Entity):
    """One day's e-mails of one shard; id is "<resumes>.<day>.<shard>"."""

    noun: ClassVar[str] = "mail_count"

    sent: int = 0
    bounced: int = 0
    complained: int = 0


class MailTrouble(Entity):
    """That a message's bounce or complaint was counted; id is derived from both."""

    noun: ClassVar[str] = "mail_trouble"

    message_id: str
    trouble: Trouble


def on_sent(runtime: Runtime, organization_id: str, message_id: str) -> None:
    """The provider took an e-mail. Never fails for being busy: it is then not counted."""
    epoch = _epoch(runtime, organization_id)
    for _ in range(_TRIES):
        try:
            runtime.store.commit(_counted(runtime, organization_id, epoch, message_id, "sent"))
        except Conflict:
            continue
        return
    runtime.metrics.count("mail_uncounted")


def on_bounce(runtime: Runtime, organization_id: str, message_id: str) -> None:
    """A permanent bounce; the address itself is suppressed by whoever calls."""
    _trouble(runtime, organization_id, message_id, "bounced")


def on_complaint(runtime: Runtime, organization_id: str, message_id: str) -> None:
    """Somebody called it spam; the address itself is suppressed by whoever calls."""
    _trouble(runtime, organization_id, message_id, "complained")


def _trouble(runtime: Runtime, organization_id: str, message_id: str, trouble: Trouble) -> None:
    now = runtime.clock.now()
    epoch = _epoch(runtime, organization_id)
    marker = MailTrouble(
        organization_id=organization_id, id=ids.derived("mtr", organization_id, message_id, trouble),
        created_at=now, updated_at=now, message_id=message_id, trouble=trouble,
    )  # fmt: skip
    for _ in range(_TRIES):
        if runtime.store.find(MailTrouble, organization_id, marker.id) is not None:
            break
        count = _counted(runtime, organization_id, epoch, message_id, trouble)
        try:
            runtime.store.commit(Create(marker, expires_at=now + KEPT), count)
        except Conflict:
            continue
        break
    else:
        raise Conflict("the counters are being changed by others")
    because = _too_much(runtime, organization_id, epoch)
    if because is not None:
        block(runtime, organization_id, "email", EMAIL, because)


def _counted(
    runtime: Runtime, organization_id: str, epoch: int, message_id: str, field: Literal["sent"] | Trouble
) -> Write:
    now = runtime.clock.now()
    id = _row_id(epoch, now.date(), crc32(message_id.encode()) % _SHARDS)
    before = runtime.store.find(MailCount, organization_id, id)
    if before is None:
        made = MailCount(organization_id=organization_id, id=id, created_at=now, updated_at=now)
        return Create(made.changed(now, **{field: 1}), expires_at=now + KEPT)
    return Change(before, before.changed(now, **{field: getattr(before, field) + 1}))


def _too_much(runtime: Runtime, organization_id: str, epoch: int) -> str | None:
    """Why e-mail must stop, in words; None when it may go on."""
    now = runtime.clock.now()
    days = [now.date() - timedelta(days=back) for back in range(rule("window_days", now))]
    ids_of = [_row_id(epoch, day, shard) for day in days for shard in range(_SHARDS)]
    rows = [row for id in ids_of if (row := runtime.store.find(MailCount, organization_id, id)) is not None]
    sent = sum(row.sent for row in rows)
    kinds: tuple[Trouble, ...] = ("bounced", "complained")
    for kind in kinds:
        count = sum(getattr(row, kind) for row in rows)
        least = rule("least_sends_for_one" if count == 1 else "least_sends", now)
        if sent >= least and count * 100_000 >= rule(kind, now) * sent:
            return f"{count} of the last {sent} e-mails {kind}: the limit is {rule(kind, now) / 1000:g} %"
    return None


def rule(name: str, now: datetime) -> int:
    """The number in force: of the rows that are valid by then the newest."""
    today = now.date().isoformat()
    rows = [row for row in _rules() if row["rule"] == name and str(row["valid_from"]) <= today]
    found = max(rows, key=lambda row: str(row["valid_from"]))
    return int(found.get("limit_per_100000") or found["value"])


@cache
def _rules() -> list[dict[str, str | int]]:
    found: list[dict[str, str | int]] = json.loads(_RULES.read_text(encoding="utf-8"))
    return found


def _epoch(runtime: Runtime, organization_id: str) -> int:
    sender = runtime.store.find(Sender, organization_id, EMAIL)
    return sender.resumes if sender is not None else 0


def _row_id(epoch: int, day: date, shard: int) -> str:
    return f"{epoch}.{day.isoformat()}.{shard}"
