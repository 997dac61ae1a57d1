"""What a text takes and costs."""

from datetime import date

import pytest

from moref.messaging import sms_cost as costs
from moref.messaging.segments import GSM_7, GSM_7_EXTENDED, outside_gsm_7, segments
from moref.messaging.sms_cost import sms_cost

DAY = date(2026, 6, 2)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 459, 3), ("a" * 460, 4),
        ("ñ" * 160, 1), ("í" * 70, 1), ("í" * 71, 2), ("í" * 134, 2), ("í" * 135, 3), ("a" * 70 + "í", 2),
        ("€" * 80, 1), ("€" * 81, 2), ("a" + "€" * 80, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets, and the euro sign fits neither into the rest of a part
        ("😀" * 35, 1), ("😀" * 36, 2), ("😀" * 66, 2), ("😀" * 67, 3),  # 33 whole ones in 67 units
    ],
)  # fmt: skip
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_alphabets_have_the_sizes_of_the_standard() -> None:
    assert len(GSM_7) == 127  # 128 less the escape to the extension
    assert len(GSM_7_EXTENDED) == 10
    assert not GSM_7 & GSM_7_EXTENDED


def test_the_characters_that_force_ucs_2_are_named() -> None:
    assert outside_gsm_7("¡Qué día más 😀 único, día!") == ["í", "á", "😀", "ú"]
    found = sms_cost("día" * 30, DAY)
    assert (found.encoding, found.forced_by, found.segments) == ("UCS-2", ("í",), 2)


def test_a_text_costs_its_segments() -> None:
    one, three = sms_cost("a", DAY), sms_cost("a" * 459, DAY)
    assert three.cost_micros == 3 * one.cost_micros
    assert one.cost_micros < one.cost_micros_most


def test_the_price_of_the_day_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"valid_from": day, "segment": price, "carrier_fee_most": 1}
        for day, price in [("2026-07-01", 20), ("2026-01-01", 10), ("2027-01-01", 30)]
    ]
    monkeypatch.setattr(costs, "_rows", lambda: rows)
    days = [date(2025, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2030, 1, 1)]
    assert [sms_cost("a", day).cost_micros for day in days] == [10, 10, 20, 30]
