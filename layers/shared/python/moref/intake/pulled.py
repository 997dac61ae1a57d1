"""What we keep of CRMs that only tell THAT something changed: what to read again, what is known, what reading costs.

A notification raises a record's dirty version; a worker reads the record some seconds later and clears it only if the
version is still the one it began with (design.md, "State").
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.kernel import ids
from moref.records import Entity

Urgency = Literal["detail", "status"]


class CrmRecord(Entity):
    """One record of a CRM (SmartMoving: an opportunity), which is one job of ours; no person's data.

    `code` and `deleted_at` hold the newest of what a read or a notification said, by source time.
    """

    noun: ClassVar[str] = "crm_record"

    connection_id: str
    external_id: str
    status: Literal["clean", "dirty", "gone"] = "dirty"  # gone: the CRM no longer knows it
    dirty: int = 0  # raised by every notification
    urgent: bool = False  # one of those waiting was about the status
    wake_at: AwareDatetime | None = None  # a wake-up is on its way
    reading_until: AwareDatetime | None = None  # a worker is reading
    failures: int = 0  # reads in a row without an answer
    reason: str | None = None  # of the last of them, in our words
    heard_at: AwareDatetime  # first
    read_at: AwareDatetime | None = None  # when the newest applied read began
    older_reads: int = 0  # reads that came back after a newer one, and were not applied
    code: int | None = None  # the CRM's own status
    code_at: AwareDatetime | None = None
    deleted_at: AwareDatetime | None = None
    unpaid: bool = False  # invoiced, as last read, and not paid
    customer_id: str | None = None
    lead_id: str | None = None  # our lead that it was made of
    # The note for the CRM's staff: claimed before it is written, unknown when its answer was lost. Never written twice.
    note: Literal["claimed", "done", "unknown", "failed"] | None = None
    note_code: str | None = None  # the referral code that we wrote into the CRM: no evidence when it comes back
    parts: list[str] = Field(default_factory=list)  # ids of its parts (SmartMoving: jobs) as last read

    def parent(self) -> str:
        return self.connection_id


class CrmPart(Entity):
    """A part of a record (SmartMoving: a job). `record` is None as long as only notifications named it.

    `settled` is what a notification said last: billing locked (True) or open again (False).
    """

    noun: ClassVar[str] = "crm_part"

    connection_id: str
    external_id: str
    record: str | None = None  # the record's external id
    settled: bool | None = None
    settled_at: AwareDatetime | None = None
    deleted_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None  # as last read
    closed_at: AwareDatetime | None = None


class CallBudget(Entity):
    """Calls of a connection in one calendar month (UTC). Every attempt counts, refused ones too."""

    noun: ClassVar[str] = "call_budget"

    connection_id: str
    month: str  # 2026-11
    allowance: int
    used: int = 0
    put_off: int = 0  # reads that waited because calls were short
    status: Literal["open", "low", "spent"] = "open"
    paused_until: AwareDatetime | None = None  # the CRM refused us: credentials or rate
    pauses: int = 0  # in a row
    paused_since: AwareDatetime | None = None  # the first of them
    reason: str | None = None

    def parent(self) -> str:
        return self.connection_id

    def waits(self) -> tuple[str, datetime] | None:
        """Under its month: what was paused when a month ended says nothing of the next."""
        failing = self.pauses > 0 or self.status == "spent"
        return (f"crm-{self.month}", self.paused_since or self.updated_at) if failing else None


class Signal(BaseModel):
    """One thin notification, in the shape an adapter's `parse` gives: ids as the CRM wrote them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: str
    urgency: Urgency = "detail"
    record: str | None = None
    part: str | None = None
    customer: str | None = None
    code: int | None = None
    settled: bool | None = None  # of the part
    deleted: bool = False  # the record, or the part when one is named
    unpaid: bool = False  # about money, naming nothing that we could read: whatever is invoiced and unpaid is meant


def record_id(organization_id: str, connection_id: str, external_id: str) -> str:
    return ids.derived("crm", organization_id, connection_id, external_id)


def part_id(organization_id: str, connection_id: str, external_id: str) -> str:
    return ids.derived("prt", organization_id, connection_id, external_id)


def budget_id(organization_id: str, connection_id: str, month: str) -> str:
    return ids.derived("bud", organization_id, connection_id, month)
