"""What an approval would earn now: the tier of its ordinal, cut by the caps. Reads the rows that the approval moves."""

from dataclasses import dataclass
from datetime import datetime

from moref.conversions.judge import job_amount
from moref.intake.model import Job
from moref.kernel.money import Money
from moref.programs.model import Cap, Standing, Terms
from moref.programs.periods import period_key
from moref.programs.standing import Row, standing
from moref.programs.tiers import amount, next_ordinal
from moref.records import Store
from moref.referrals.model import Advocate
from moref.tenants.model import Location

NO_TIER = "This one earns no reward under the program's tiers"


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` None: nothing, for the reason in `words`; `words` with an amount: why it is less than the tier says."""

    amount: int | None
    words: str | None
    ordinal: int  # lifetime
    freed: list[int]  # what is left of the advocate's lifetime ordinals
    period: str | None  # of the tiers, when their count begins anew
    period_ordinal: int | None
    period_freed: list[int]
    standings: list[Row]
    tax: Standing  # one of them: of the year of approval


def priced(
    store: Store,
    terms: Terms,
    advocate: Advocate,
    job: Job,
    location: Location,
    *,
    qualified_at: datetime,
    now: datetime,
) -> Price:
    """Tiers and caps count by the qualifying fact, so that it makes no difference when staff get to it; the tax year by
    the approval. All in the location's time zone."""
    zone = location.time_zone
    counted = None if terms.tier_period == "lifetime" else period_key(terms.tier_period, qualified_at, zone)
    tax = f"tax-{period_key('year', now, zone)}"
    capped = [(cap, period_key(cap.period, qualified_at, zone)) for cap in terms.caps]
    names = dict.fromkeys([tax, *([counted] if counted else []), *(name for _, name in capped)])
    rows = {name: standing(store, advocate, name, now) for name in names}
    ordinal, freed = next_ordinal(advocate.approved, advocate.freed_ordinals)
    row = rows[counted].whole if counted else None
    period_ordinal, period_freed = next_ordinal(row.approved, row.freed_ordinals) if row else (None, [])
    full = amount(terms, period_ordinal or ordinal, job_amount(job))
    earned, words = _capped(full, [(cap, rows[name].whole) for cap, name in capped], terms.currency)
    return Price(
        amount=earned, words=words, ordinal=ordinal, freed=freed, period=counted, period_ordinal=period_ordinal,
        period_freed=period_freed, standings=list(rows.values()), tax=rows[tax].whole,
    )  # fmt: skip


def _capped(full: int | None, caps: list[tuple[Cap, Standing]], currency: str) -> tuple[int | None, str | None]:
    """Whole up to a cap, then what is left of it, then nothing."""
    if full is None:
        return None, NO_TIER
    left, words = full, None
    for cap, row in caps:
        if cap.count is not None and row.rewards >= cap.count:
            return None, f"The advocate has had the most rewards for {row.period} that the program gives: {cap.count}"
        if cap.amount is not None and (rest := max(cap.amount - row.amounts.get(currency, 0), 0)) < left:
            most = Money(cap.amount, currency).for_people()
            left, words = rest, f"Cut to what is left of the program's most for {row.period}: {most}"
    return left or None, words
