"""The tables of the reports, out of counters: one dict a line, its keys the columns. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from moref.conversions.model import ConversionStatus
from moref.messaging.model import Channel
from moref.reporting.counters import DIRECT, FIRST_JOB, OLDEST
from moref.reporting.periods import Counts, total
from moref.reporting.waits import percentile
from moref.rewards.model import PayoutStatus

Line = dict[str, Any]
STAGES = ("asked", "clicked", "quoted", "booked", "invoiced", "paid")
CHANNELS: tuple[str, ...] = (*get_args(Channel), DIRECT)
CONVERSIONS: tuple[str, ...] = get_args(ConversionStatus)
PAYOUTS: tuple[str, ...] = get_args(PayoutStatus)
WAITS = ("approval", "release")
EVERY_CHANNEL = "all"


def funnel(periods: Mapping[str, Counts], channels: Iterable[str]) -> Iterator[Line]:
    """`channels` of CHANNELS, or EVERY_CHANNEL for their sum."""
    for period, counts in periods.items():
        for channel in channels:
            end = "" if channel == EVERY_CHANNEL else f".{channel}"
            reached = {stage: total(counts, f"{stage}{end}") for stage in STAGES}
            yield {"period": period, "channel": channel, **reached}


def conversions(periods: Mapping[str, Counts]) -> Iterator[Line]:
    for period, counts in periods.items():
        yield {"period": period, **{status: counts.get(f"conversion.{status}", 0) for status in CONVERSIONS}}


def payouts(periods: Mapping[str, Counts]) -> Iterator[Line]:
    """Seconds until the provider said yes: of a hundred payouts, 50 and 95 took at most so long."""
    for period, counts in periods.items():
        line: Line = {"period": period, **{status: counts.get(f"payout.{status}", 0) for status in PAYOUTS}}
        line["accepted_in_period"] = total(counts, WAITS[0])
        for since in WAITS:
            for percent in (50, 95):
                line[f"seconds_from_{since}_p{percent}"] = percentile(waits(counts, since), percent)
        yield line


def waits(counts: Counts, since: str) -> dict[int, int]:
    """Buckets of how long the payouts accepted in the period had taken."""
    found = ((counter.partition("."), number) for counter, number in counts.items())
    return {int(bucket): number for (name, _, bucket), number in found if name == since}


def cohorts(months: Mapping[str, Counts], *, first_job: bool = False) -> Iterator[Line]:
    """By the month in which advocates joined (or had their own first job), and by how many months later their friends
    asked for a quote or booked. The last age is that or older; ages at which nothing happened are left out, but for the
    first."""
    start, joined = (f"{FIRST_JOB}.", f"{FIRST_JOB}.advocates") if first_job else ("", "joined")
    for month, counts in months.items():
        for age in range(OLDEST + 1):
            quoted, booked = (counts.get(f"{start}{stage}.{age}", 0) for stage in ("quoted", "booked"))
            if age == 0 or quoted or booked:
                number = total(counts, joined)
                yield {"cohort": month, "advocates": number, "age_months": age, "quoted": quoted, "booked": booked}


def partners(months: Mapping[str, Counts], first: str) -> Iterator[Line]:
    """From the month `first` on; the earlier ones say how many partners there were. Active: one of their friends asked
    for a quote, or booked, in the month."""
    there = 0
    for month, counts in months.items():
        there += counts.get("joined.partner", 0)
        active = counts.get("active.partner", 0)
        if month >= first:
            yield {"month": month, "partners": there, "active": active, "active_percent": percent(active, there)}


def percent(part: int, whole: int) -> int | None:
    """Rounded half up; None of nothing."""
    return per(100 * part, whole)


def per(amount: int, number: int) -> int | None:
    """`amount` shared out, rounded half up; None among nobody."""
    return (2 * amount + number) // (2 * number) if number else None
