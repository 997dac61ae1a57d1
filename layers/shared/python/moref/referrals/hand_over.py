"""Hands a lead to the CRM: tries until it is accepted, tells the branch after two minutes, gives up after 72 hours.

Each attempt is claimed by a conditional change that already holds the time of the next one, so a worker that dies
while posting is followed by that next attempt. The receiver dedupes by webhook-id, which is the lead's id on each try.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from moref.intake.model import Contact
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict, Failure, Permanent
from moref.kernel.names import LEADS
from moref.messaging.plan_message import planned
from moref.records import Change, Write, every, get
from moref.referrals.lead_body import body, for_staff
from moref.referrals.model import Lead
from moref.referrals.ports import Answer, PostSigned, PushLead
from moref.runtime import Runtime
from moref.tenants.model import Connection
from moref.tenants.switches import stopped

TELL_AFTER = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(hours=72)
# Seconds from one attempt to the next; the last one repeats.
DELAYS = (5, 30, 120, 600, 3600, 6 * 3600, 12 * 3600, 24 * 3600)
WHILE_STOPPED = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=24)  # of a receiver's Retry-After
QUEUE_DELAY = 900  # the longest SQS can hold a message back
EARLY = timedelta(seconds=1)  # a wake-up that comes this early counts as due: clocks differ
TRIES = 5
GONE = 410

Deliver = Callable[[Connection, Lead, Contact], Answer]
Outcome = tuple[Lead, *tuple[Write, ...]]  # the lead as it becomes, and what goes with it


def hand_over(
    runtime: Runtime, organization_id: str, lead_id: str, *, post: PostSigned, push: PushLead | None = None
) -> Lead:
    """Does what is due for the lead now and arranges its next wake-up; harmless when repeated or early.

    `push` serves connections that take leads through their own API; without it only signed posts are made.
    Raises NotFound for another organization's lead, Conflict when five races were lost.
    """
    for _ in range(TRIES):
        lead = get(runtime.store, Lead, organization_id, lead_id)
        if lead.status != "new":
            return lead
        try:
            lead = _step(runtime, lead, _ways(runtime, post, push))
        except Conflict:
            continue  # another copy of the message was at it
        _wake(runtime, lead)
        return lead
    raise Conflict("the lead is being handed over by others")


def _step(runtime: Runtime, lead: Lead, deliver: Deliver) -> Lead:
    now = runtime.clock.now()
    if now - lead.created_at >= TELL_AFTER - EARLY and lead.branch_told_at is None:
        told = lead.changed(now, branch_told_at=now)
        lead = _commit(runtime, lead, told, *_tell(runtime, lead, "lead_not_accepted"))
    if now - lead.created_at >= GIVE_UP_AFTER:
        return _commit(runtime, lead, *_failed(runtime, lead, lead.reason or "not accepted within 72 hours"))
    if lead.next_attempt_at is not None and now < lead.next_attempt_at - EARLY:
        return lead
    connection = _receiver(runtime, lead)
    if connection is None:
        return _commit(runtime, lead, *_failed(runtime, lead, "no lead url"))
    if stopped(runtime.store, lead.organization_id, "connectors"):
        return _commit(runtime, lead, lead.changed(now, next_attempt_at=now + WHILE_STOPPED, reason="stopped"))
    return _attempt(runtime, lead, connection, deliver)


def _attempt(runtime: Runtime, lead: Lead, connection: Connection, deliver: Deliver) -> Lead:
    now = runtime.clock.now()
    delay = timedelta(seconds=DELAYS[min(lead.attempts, len(DELAYS) - 1)])
    lead = _commit(runtime, lead, lead.changed(now, attempts=lead.attempts + 1, next_attempt_at=now + delay))
    contact = get(runtime.store, Contact, lead.organization_id, lead.contact_id)
    try:
        answer = deliver(connection, lead, contact)
    except Failure as failure:
        return _record(runtime, lead, partial(_unanswered, runtime, failure=failure))
    return _record(runtime, lead, partial(_answered, runtime, answer=answer))


def _ways(runtime: Runtime, post: PostSigned, push: PushLead | None) -> Deliver:
    """How a lead gets to a connection: through the CRM's own API, else as a signed post."""

    def deliver(connection: Connection, lead: Lead, contact: Contact) -> Answer:
        said = body(lead, contact)
        if connection.takes_leads and push is not None:
            return push(runtime, connection, said["data"], since=lead.created_at, again=lead.attempts > 1)
        return post(
            connection.lead_url or "",
            json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(),
            message_id=lead.id,
            secret=runtime.vault.open(lead.organization_id, "webhook", connection.secret_ciphertext),
            now=runtime.clock.now(),
            loopback=runtime.settings.stage == "local",
        )

    return deliver


def _unanswered(runtime: Runtime, lead: Lead, failure: Failure) -> Outcome:
    if isinstance(failure, Permanent):
        return _failed(runtime, lead, failure.detail)
    return (lead.changed(runtime.clock.now(), reason=failure.detail),)


def _answered(runtime: Runtime, lead: Lead, answer: Answer) -> Outcome:
    now = runtime.clock.now()
    if 200 <= answer.status < 300:
        runtime.metrics.count("lead_accepted")
        return (lead.changed(now, status="accepted", next_attempt_at=None, reason=None),)
    reason = f"HTTP {answer.status}"
    if answer.status == GONE:
        return _failed(runtime, lead, reason)
    runtime.metrics.count("lead_refused")
    wanted = now + min(timedelta(seconds=answer.retry_after or 0), LONGEST_WAIT)
    return (lead.changed(now, reason=reason, next_attempt_at=max(wanted, lead.next_attempt_at or wanted)),)


def _failed(runtime: Runtime, lead: Lead, reason: str) -> Outcome:
    """No further attempt; the branch enters the lead by hand."""
    now = runtime.clock.now()
    runtime.metrics.count("lead_failed")
    failed = lead.changed(
        now, status="failed", reason=reason, next_attempt_at=None, branch_told_at=lead.branch_told_at or now
    )
    return failed, *_tell(runtime, lead, "lead_failed")


def _record(runtime: Runtime, lead: Lead, outcome: Callable[[Lead], Outcome]) -> Lead:
    """What came of an attempt is written down even when another copy changed the lead meanwhile."""
    for _ in range(TRIES):
        try:
            after, *others = outcome(lead)
            return _commit(runtime, lead, after, *others)
        except Conflict:
            lead = get(runtime.store, Lead, lead.organization_id, lead.id)
            if lead.status != "new":
                return lead
    raise Conflict("the lead is being changed by others")


def _tell(runtime: Runtime, lead: Lead, template: str) -> tuple[Write, ...]:
    contact = get(runtime.store, Contact, lead.organization_id, lead.contact_id)
    return planned(
        runtime, lead.organization_id, cause=f"{lead.id}.{template}", template=template, kind="staff",
        location_id=lead.location_id, contact=None, fields=for_staff(lead, contact),
    )  # fmt: skip


def _receiver(runtime: Runtime, lead: Lead) -> Connection | None:
    """The branch's own connection if it takes leads, else any of the organization's that does."""
    active = every(runtime.store, Connection, lead.organization_id, status="active")
    takers = [connection for connection in active if connection.lead_url or connection.takes_leads]
    takers.sort(key=lambda connection: (connection.default_location_id != lead.location_id, connection.id))
    return takers[0] if takers else None


def _commit(runtime: Runtime, before: Lead, after: Lead, *others: Write) -> Lead:
    runtime.store.commit(Change(before, after), *others)
    return get(runtime.store, Lead, after.organization_id, after.id)


def _wake(runtime: Runtime, lead: Lead) -> None:
    """Repeated for the same lead state it asks for the same wake-up; a copy that comes early asks again."""
    if lead.status != "new":
        return
    due, command = next_look(lead), hand_over_command(lead)
    seconds = (due - runtime.clock.now()).total_seconds()
    if seconds <= QUEUE_DELAY:
        runtime.queues.send(LEADS, command, delay_seconds=max(0, -int(-seconds // 1)))
    else:
        runtime.scheduler.at(f"{lead.id}-{lead.attempts}-{iso(due)[:19]}".replace(":", ""), due, LEADS, command)


def next_look(lead: Lead) -> datetime:
    """When a lead that is not handed over has something due: the next attempt, or telling the branch."""
    telling = lead.created_at + TELL_AFTER if lead.branch_told_at is None else None
    return min([time for time in (lead.next_attempt_at, telling) if time is not None], default=lead.created_at)


def hand_over_command(lead: Lead) -> dict[str, str]:
    return {"command": "hand_over", "organization_id": lead.organization_id, "lead_id": lead.id}
