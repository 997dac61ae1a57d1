"""The writes that bring counters up to what is known of messages, for one commit: each row once, each conditional."""

from collections import defaultdict
from datetime import UTC, datetime

from moref.campaigns.model import Enrollment
from moref.kernel import ids
from moref.messaging.model import Message
from moref.records import Change, Create, Write
from moref.reporting.counters import ALL
from moref.reporting.model import Counted, FunnelDay, Stage
from moref.reporting.stages import left, sent_at, stages
from moref.runtime import Runtime

Credits = tuple[int, int]  # referrals quoted and booked, as a change


class Tally:
    """Collects what changes; `writes` is empty when everything is counted already."""

    def __init__(self, runtime: Runtime, organization_id: str) -> None:
        self._runtime, self._organization_id = runtime, organization_id
        self._now = runtime.clock.now()
        self._changed: list[Write] = []
        self._days: dict[str, FunnelDay] = {}
        self._deltas: dict[str, dict[str, dict[Stage, int]]] = defaultdict(lambda: defaultdict(dict))

    def message(self, message_id: str, credits: Credits = (0, 0), *, settled: bool = False) -> None:
        """Once for a message. One whose enrollment is gone is left as it is."""
        # Its own row first: an older look at the message would otherwise take back what a newer one counted.
        before = self._runtime.store.find(Counted, self._organization_id, message_id)
        message = self._runtime.store.find(Message, self._organization_id, message_id)
        if message is None or not left(message) or (found := before or self._first(message)) is None:
            return
        quoted, booked = found.quoted + credits[0], found.booked + credits[1]
        after = found.changed(
            self._now, quoted=quoted, booked=booked, stages=stages(message, quoted=quoted, booked=booked),
            settled=found.settled or settled,
        )  # fmt: skip
        if before is None:
            self._changed.append(Create(after))
        elif after != before.changed(self._now):
            self._changed.append(Change(before, after))
        reached = set(after.stages)
        self._count(found, reached - set(found.stages), 1)
        self._count(found, set(found.stages) - reached, -1)

    def writes(self) -> list[Write]:
        return [*self._changed, *(self._day(id, deltas) for id, deltas in self._deltas.items())]

    def _first(self, message: Message) -> Counted | None:
        org, sent = self._organization_id, sent_at(message)
        enrollment = self._runtime.store.find(Enrollment, org, message.enrollment_id or "")
        if enrollment is None or message.step is None or sent is None:
            return None
        return Counted(
            organization_id=org, id=message.id, created_at=self._now, updated_at=self._now,
            campaign_id=enrollment.campaign_id, location_id=message.location_id, step=message.step,
            channel=message.channel, day=sent.astimezone(UTC).date().isoformat(),
        )  # fmt: skip

    def _count(self, counted: Counted, which: set[Stage], by: int) -> None:
        if not which:
            return
        for place in (counted.location_id, ALL):
            day = _empty(counted, place, self._now)
            self._days[day.id] = day
            deltas = self._deltas[day.id][f"{counted.step}.{counted.channel}"]
            for stage in which:
                deltas[stage] = deltas.get(stage, 0) + by

    def _day(self, id: str, deltas: dict[str, dict[Stage, int]]) -> Write:
        before = self._runtime.store.find(FunnelDay, self._organization_id, id)
        row = before or self._days[id]
        counts = {name: dict(of) for name, of in row.counts.items()}
        for name, changes in deltas.items():
            of = counts.setdefault(name, {})
            for stage, by in changes.items():
                of[stage] = of.get(stage, 0) + by
        after = row.changed(self._now, counts=counts)
        return Create(after) if before is None else Change(before, after)


def _empty(counted: Counted, location: str, now: datetime) -> FunnelDay:
    org, campaign = counted.organization_id, counted.campaign_id
    return FunnelDay(
        organization_id=org, id=ids.derived("fnl", org, campaign, location, counted.day),
        created_at=datetime.fromisoformat(counted.day).replace(tzinfo=UTC), updated_at=now,
        campaign_id=campaign, location_id=location, day=counted.day,
    )  # fmt: skip
