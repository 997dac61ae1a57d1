"""Who gets the weekly report by e-mail: members an admin has named, until they stop it themselves."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.campaigns.model import PageToken
from moref.kernel.errors import Conflict, NotFound
from moref.records import Change, Entity, get
from moref.runtime import Runtime
from moref.tenants.model import Member, Organization

WEEKLY = "weekly"  # the id of the one digest there is
READABLE = timedelta(days=35)  # how long the link in an e-mail opens the report
TRIES = 5


class Digest(Entity):
    noun: ClassVar[str] = "report_digest"

    time_zone: str  # IANA: Monday 08:00 there
    member_ids: list[str] = Field(default_factory=list)  # named by an admin
    stopped: list[str] = Field(default_factory=list)  # who stopped it themselves; only they start it again


class DigestClock(Entity):
    """When the next report of an organization is due; organization_id is GLOBAL and id is the organization."""

    noun: ClassVar[str] = "report_digest_clock"

    status: Literal["on", "off"]
    next_at: AwareDatetime
    week: str | None = None  # the last one told of

    def listed_at(self) -> datetime:
        return self.next_at


@dataclass(frozen=True, slots=True)
class Reader:
    """A member in front of their report of one week, and what they may see of it."""

    organization_id: str
    member_id: str
    location_ids: list[str] | None
    week: date
    money: bool
    gets_it: bool


def reader_of(runtime: Runtime, token: PageToken) -> Reader:
    """Raises NotFound when the link is too old, the member is none any more, or the organization is closed."""
    member_id, _, week = token.subject_id.rpartition(".")
    organization = get(runtime.store, Organization, token.owner_id, token.owner_id)
    member = get(runtime.store, Member, token.owner_id, member_id)
    late = runtime.clock.now() - token.created_at > READABLE
    if late or member.status != "active" or organization.status == "closed":
        raise NotFound
    digest = runtime.store.find(Digest, token.owner_id, WEEKLY)
    gets = digest is not None and member_id in digest.member_ids and member_id not in digest.stopped
    return Reader(token.owner_id, member_id, member.location_ids, date.fromisoformat(week), sees_money(member), gets)


def sees_money(member: Member) -> bool:
    """As over the API."""
    return member.role != "member"


def stop(runtime: Runtime, reader: Reader) -> None:
    """Repeating it changes nothing. Raises Conflict after lost races."""
    _change(runtime, reader, stopped=True)


def start(runtime: Runtime, reader: Reader) -> None:
    """Likewise. Whom no admin names any more stays without."""
    _change(runtime, reader, stopped=False)


def _change(runtime: Runtime, reader: Reader, *, stopped: bool) -> None:
    """The row says it, and nothing else does: what is on the internet writes no audit."""
    org, member = reader.organization_id, reader.member_id
    for _ in range(TRIES):
        before, now = runtime.store.find(Digest, org, WEEKLY), runtime.clock.now()
        if before is None or (member in before.stopped) == stopped:
            return
        rest = [each for each in before.stopped if each != member]
        after = before.changed(now, stopped=[*rest, member] if stopped else rest)
        try:
            runtime.store.commit(Change(before, after))
        except Conflict:
            continue
        return
    raise Conflict("the digest is being changed by others")
