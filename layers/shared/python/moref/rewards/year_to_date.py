"""What a payee has earned in a calendar year, and from what sum on the payer has to report it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from moref.identity.current import current
from moref.records import every
from moref.referrals.model import Advocate
from moref.rewards.model import Reward
from moref.runtime import Runtime

WARN_PERCENT = 90
CURRENCY = "USD"  # of the reports; what is earned in another one is not counted here


@cache
def _rows() -> list[Mapping[str, Any]]:
    text = Path(__file__).with_name("data").joinpath("information_returns.json").read_text("utf-8")
    found: list[Mapping[str, Any]] = json.loads(text)["rows"]
    return sorted(found, key=lambda row: int(row["from_year"]))


def threshold(year: int) -> int:
    """Minor units of USD: at this sum of a year and above it, the payer reports the payee."""
    return int([row for row in _rows() if row["from_year"] <= year][-1]["threshold"])


def year_to_date(runtime: Runtime, organization_id: str, contact_id: str, year: int) -> int:
    """Minor units of USD that stand for a person, approved in that year (UTC), however delivered, under any of their
    rows that were merged.

    Read from an index that may lag by moments: an approval adds what it knows itself to be new. What a person got as
    somebody's friend is counted by the payer when it is paid (books.payee_year), not here.
    """
    store = runtime.store
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    person = current(store, organization_id, contact_id)
    rewards = [
        reward
        for advocate in every(store, Advocate, organization_id, parent=person.id if person else contact_id)
        for reward in every(store, Reward, organization_id, parent=advocate.id, since=begin, until=end)
    ]
    counted = (one for one in rewards if one.currency == CURRENCY and one.status not in ("reversed", "failed"))
    return sum(one.amount for one in counted if one.who == "advocate" and begin <= one.approved_at < end)
