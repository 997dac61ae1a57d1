"""What a text takes and costs, as staff are told when they save a template."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from moref.messaging.segments import outside_gsm_7, segments

_DATA = Path(__file__).parent / "data" / "sms_prices.json"


@dataclass(frozen=True, slots=True)
class SmsCost:
    """Costs are millionths of a US dollar, without and with the dearest carrier's fee."""

    segments: int
    encoding: Literal["GSM-7", "UCS-2"]
    forced_by: tuple[str, ...]  # the characters that force UCS-2
    cost_micros: int
    cost_micros_most: int
    prices_from: str  # the date of the prices


def sms_cost(text: str, on: date) -> SmsCost:
    count, forced, row = segments(text), tuple(outside_gsm_7(text)), _price(on)
    return SmsCost(
        segments=count,
        encoding="UCS-2" if forced else "GSM-7",
        forced_by=forced,
        cost_micros=count * row["segment"],
        cost_micros_most=count * (row["segment"] + row["carrier_fee_most"]),
        prices_from=row["valid_from"],
    )


def _price(on: date) -> dict[str, Any]:
    """The row in force; before the first one, the first."""
    rows = sorted(_rows(), key=lambda row: str(row["valid_from"]))
    return next((row for row in reversed(rows) if row["valid_from"] <= on.isoformat()), rows[0])


@cache
def _rows() -> list[dict[str, Any]]:
    return list(json.loads(_DATA.read_text(encoding="utf-8"))["rows"])
