"""The funnel of a campaign: how many of the messages sent on some days got how far, by step and channel."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from moref.records import Store, every
from moref.reporting.model import STAGES, FunnelDay, Stage, funnel_of

Counts = dict[Stage, int]


@dataclass(frozen=True, slots=True)
class Funnel:
    """`steps`: by (step, channel). Days are those of sending, UTC."""

    total: Counts = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    steps: dict[tuple[str, str], Counts] = field(default_factory=dict)

    def channels(self) -> dict[str, Counts]:
        found: dict[str, Counts] = {}
        for (_, channel), counts in self.steps.items():
            _add(found.setdefault(channel, dict.fromkeys(STAGES, 0)), counts)
        return found

    def add(self, counts: dict[str, Counts]) -> None:
        for name, of in counts.items():
            step, _, channel = name.rpartition(".")
            _add(self.steps.setdefault((step, channel), dict.fromkeys(STAGES, 0)), of)
            _add(self.total, of)


def funnel(
    store: Store, organization_id: str, campaign_id: str, location_ids: Iterable[str], days: tuple[date, date]
) -> Funnel:
    """`days`: first and last, both included. Counters lag behind what happened by seconds."""
    found = Funnel()
    since, until = (datetime.combine(day, time(), UTC) for day in days)
    for location_id in location_ids:
        parent = funnel_of(campaign_id, location_id)
        for row in every(store, FunnelDay, organization_id, parent=parent, since=since, until=until):
            found.add(row.counts)
    return found


def _add(to: Counts, counts: Counts) -> None:
    for stage, number in counts.items():
        to[stage] = to.get(stage, 0) + number
