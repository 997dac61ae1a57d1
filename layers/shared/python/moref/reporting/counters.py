"""The counters that reports read, and what each subject adds to them.

A subject (a referral, an enrollment, a payout ...) has one Share: what it adds to which counters. A change of the
subject replaces the Share and moves the counters by the difference, in one commit; so a repeat adds nothing, news in
any order end alike, and the counters are always the sum of the Shares.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from pydantic import Field

from moref.records import Entity

ALL = "organization"  # stands where a location's id could: all branches together
DIRECT = "direct"  # in place of a channel: the link was handed over in another way than by a message
FIRST_JOB = "first_job"  # before counters of a month by the advocates' own first job, not by when they joined
OLDEST = 24  # months of an advocate's age that are told apart; beyond it they count as that
_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
_MOST = 1_000_000  # bookings; the calendar ends
_BOOKED = 100_000  # what a booking outweighs in the order of a leaderboard: quotes of one advocate in one period


class Share(Entity):
    """id is "<noun>.<id>" of the subject. `adds`: the key of a row of counters -> counter -> number."""

    noun: ClassVar[str] = "report_share"

    adds: dict[str, dict[str, int]] = Field(default_factory=dict)


class Counters(Entity):
    """A row of counters; `place` is a location's id or ALL."""

    place: str
    counts: dict[str, int] = Field(default_factory=dict)

    def parent(self) -> str | None:
        return self.place

    @classmethod
    def opened(cls, organization_id: str, id: str, now: datetime) -> Self:
        """An empty row; `id` says all of it."""
        raise NotImplementedError


class ReportDay(Counters):
    """What happened on one day of the branch; its id is "<place>.<day>", created_at is that day at 00:00 UTC."""

    noun: ClassVar[str] = "report_day"

    day: str  # ISO date, in the branch's own time zone

    @classmethod
    def opened(cls, organization_id: str, id: str, now: datetime) -> Self:
        place, _, day = id.rpartition(".")
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        return cls(organization_id=organization_id, id=id, created_at=at, updated_at=now, place=place, day=day)


class ReportMonth(Counters):
    """Of a calendar month: the advocates who joined in it and what came of them by month of age, and how many advocates
    of each kind were active in it. id is "<place>.<month>"."""

    noun: ClassVar[str] = "report_month"

    month: str  # "2026-11"

    @classmethod
    def opened(cls, organization_id: str, id: str, now: datetime) -> Self:
        place, _, month = id.rpartition(".")
        at = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
        return cls(organization_id=organization_id, id=id, created_at=at, updated_at=now, place=place, month=month)


class Standing(Counters):
    """What one advocate brought in a month or a year. id is "<place>.<period>.<kind>.<advocate>".

    A leaderboard is the list by status, whose order is `listed_at`: it is the score there, and no time.
    """

    noun: ClassVar[str] = "advocate_standing"

    period: str  # "2026-11" or "2026"
    kind: str  # of advocate
    advocate_id: str
    status: str  # the leaderboard that it is on

    @classmethod
    def opened(cls, organization_id: str, id: str, now: datetime) -> Self:
        place, period, kind, advocate = id.split(".", 3)
        return cls(
            organization_id=organization_id, id=id, created_at=now, updated_at=now, place=place, period=period,
            kind=kind, advocate_id=advocate, status=board(place, period, kind),
        )  # fmt: skip

    def listed_at(self) -> datetime:
        booked, quoted = self.counts.get("booked", 0), self.counts.get("quoted", 0)
        return _BEGIN + timedelta(seconds=min(booked, _MOST) * _BOOKED + min(quoted, _BOOKED - 1))

    def parent(self) -> str:
        return self.advocate_id

    @property
    def active(self) -> bool:
        return any(self.counts.values())


def board(place: str, period: str, kind: str) -> str:
    return f"{place}.{period}.{kind}"


ROWS: dict[str, type[Counters]] = {kind.noun: kind for kind in (ReportDay, ReportMonth, Standing)}
