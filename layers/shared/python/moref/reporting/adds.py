"""Collects what one subject adds to the counters of its branch and of the whole organization."""

from datetime import datetime

from moref.campaigns.zones import zone
from moref.reporting.counters import ALL, OLDEST, ReportDay, ReportMonth, Standing
from moref.tenants.model import Location

Rows = dict[str, dict[str, int]]  # "<noun>/<id>" -> counter -> number


class Adds:
    """Days, months and years are the branch's own, in its time zone."""

    def __init__(self, location: Location) -> None:
        self._zone, self._places = zone(location.time_zone), (location.id, ALL)
        self.rows: Rows = {}

    def day_of(self, at: datetime) -> str:
        try:
            return at.astimezone(self._zone).date().isoformat()
        except OverflowError:  # at the ends of the calendar, which some CRM says when it knows no time
            return at.date().isoformat()

    def day(self, at: datetime, counter: str, number: int = 1) -> None:
        for place in self._places:
            self._add(f"{ReportDay.noun}/{place}.{self.day_of(at)}", counter, number)

    def joined(self, at: datetime, counter: str) -> None:
        """To the month in which an advocate joined."""
        for place in self._places:
            self._add(f"{ReportMonth.noun}/{place}.{self.day_of(at)[:7]}", counter, 1)

    def aged(self, joined: datetime, at: datetime, counter: str) -> None:
        """Likewise, by how many calendar months later it happened."""
        self.joined(joined, f"{counter}.{_months(self.day_of(joined), self.day_of(at))}")

    def standing(self, at: datetime, kind: str, advocate_id: str, counter: str) -> None:
        day = self.day_of(at)
        for place in self._places:
            for period in (day[:7], day[:4]):
                self._add(f"{Standing.noun}/{place}.{period}.{kind}.{advocate_id}", counter, 1)

    def _add(self, row: str, counter: str, number: int) -> None:
        if number:
            counts = self.rows.setdefault(row, {})
            counts[counter] = counts.get(counter, 0) + number


def _months(first: str, then: str) -> int:
    """Calendar months between two days, 0 when it is the same or an earlier one."""
    (year, month), (later, last) = ((int(part) for part in day.split("-")[:2]) for day in (first, then))
    return min(max((later - year) * 12 + last - month, 0), OLDEST)
