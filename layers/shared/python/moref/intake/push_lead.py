"""Hands a lead to a CRM through its own API, at most once as far as anybody can see.

There is no idempotency key: from the second attempt on the CRM's own leads are looked through before another is made,
since the first may have arrived though its answer did not. The lead's id there is kept with ours, so that the job which
comes of it is known as this referral's without a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moref import people
from moref.intake import call_budget
from moref.intake.pulled import CrmRecord, record_id
from moref.intake.reader import Open, Reader, open_reader
from moref.kernel.errors import BadInput, Conflict, NeedsPerson, NotFound, OutcomeUnknown, Permanent, Retry
from moref.records import Change, Create
from moref.runtime import Runtime
from moref.tenants.model import Connection

TRIES = 5
MOST_PAGES = 3
EARLIER = timedelta(minutes=5)  # clocks differ
WHEN_SPENT = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Taken:
    """As referrals.ports.Answer: the CRM has the lead."""

    status: int = 201
    retry_after: int | None = None


def push_lead(
    runtime: Runtime, connection: Connection, lead: Mapping[str, Any], *, since: datetime, again: bool,
    open: Open = open_reader,
) -> Taken:  # fmt: skip
    """`lead` is the `data` of referrals.lead_body, `since` when it was made, `again` whether it was tried before.

    Raises Retry, Permanent (the CRM will not have it), NeedsPerson and OutcomeUnknown.
    """
    reader = open(runtime, connection)
    try:
        id = _known(runtime, connection, reader, lead, since) if again else None
        if id is None:
            _spend(runtime, connection)
            id = reader.push_lead(lead, connection.config)
    except NeedsPerson as refusal:
        call_budget.pause(runtime, connection, str(refusal), None)
        raise
    except NotFound:
        raise OutcomeUnknown("the list of leads is not there") from None
    _keep(runtime, connection, id.lower(), lead["lead_id"])
    return Taken()


def _known(
    runtime: Runtime, connection: Connection, reader: Reader, lead: Mapping[str, Any], since: datetime
) -> str | None:
    """The CRM's id of a lead with this phone or e-mail that is no older than ours."""
    wanted = {lead["customer"]["phone"], lead["customer"]["email"]} - {None}
    for page in range(1, MOST_PAGES + 1):
        _spend(runtime, connection)
        leads, last = reader.leads(page)
        for each in leads:
            addresses = {_normal(people.phone, each["phone"]), _normal(people.email, each["email"])}
            if wanted & addresses and _time(each["created_at"]) >= since - EARLIER:
                return str(each["id"])
        if last:
            return None
    raise Permanent("too many leads to see whether this one is there")


def _spend(runtime: Runtime, connection: Connection) -> None:
    if not call_budget.spend(runtime, connection, "write"):
        raise Retry("no calls left", seconds=WHEN_SPENT)


def _keep(runtime: Runtime, connection: Connection, external_id: str, lead_id: str) -> None:
    """Dirty without a wake-up: the CRM's own notification follows at once, the sweep within the hour."""
    org, now = connection.organization_id, runtime.clock.now()
    for _ in range(TRIES):
        before = runtime.store.find(CrmRecord, org, record_id(org, connection.id, external_id))
        record = before or CrmRecord(
            organization_id=org, id=record_id(org, connection.id, external_id), created_at=now, updated_at=now,
            connection_id=connection.id, external_id=external_id, heard_at=now,
        )  # fmt: skip
        after = record.changed(now, lead_id=lead_id, status="dirty", dirty=record.dirty + 1)
        try:
            runtime.store.commit(Create(after) if before is None else Change(before, after))
        except Conflict:
            continue
        return
    raise Conflict("the record is being changed by others")


def _normal(read: Any, text: Any) -> str | None:
    try:
        return str(read(text)) if isinstance(text, str) and text else None
    except BadInput:
        return None


def _time(text: Any) -> datetime:
    """A lead without a readable time may be this one: better none twice than one too many."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return datetime.max.replace(tzinfo=UTC)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
