"""One cell each: read as it can only be meant, or refused with its column and without quoting it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.imports import cells
from moref.kernel.errors import BadInput
from moref.kernel.money import DECIMALS, MAXIMUM, Money
from moref.money import from_text

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
CHICAGO = "America/Chicago"


@given(st.integers(0, MAXIMUM), st.sampled_from(sorted(DECIMALS)))
def test_what_money_prints_is_read_back_to_the_unit(amount: int, currency: str) -> None:
    assert from_text(Money(amount, currency).decimal(), currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("25", "USD", 2500), ("25.00", "USD", 2500), ("0.05", "USD", 5), ("2500", "JPY", 2500), ("1.234", "BHD", 1234)],
)
def test_major_units_are_minor_units(text: str, currency: str, amount: int) -> None:
    assert from_text(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1,250.00", "USD"), ("1.250,00", "EUR"), ("25,00", "EUR"), ("25.5", "USD"), ("25.000", "USD"), ("$25", "USD"),
        ("-25", "USD"), ("+25", "USD"), ("25.", "USD"), (".50", "USD"), ("2.5e3", "USD"), ("", "USD"), ("true", "USD"),
        ("2500.00", "JPY"), ("1.23", "BHD"), ("٢٥", "USD"), ("25 USD", "USD"), ("90071992547409.92", "USD"),
        ("25", "XXX"), (" 25", "USD"),
    ],
)  # fmt: skip
def test_what_could_be_two_sums_is_none(text: str, currency: str) -> None:
    with pytest.raises(BadInput):
        from_text(text, currency)


@given(st.text(max_size=12))
def test_no_text_is_money_by_accident(text: str) -> None:
    try:
        amount = from_text(text, "USD")
    except BadInput:
        return
    assert text in (Money(amount, "USD").decimal(), str(amount // 100)) or text.lstrip("0") in (
        Money(amount, "USD").decimal().lstrip("0"),
        str(amount // 100).lstrip("0"),
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-06-01", datetime(2025, 6, 1, 17, tzinfo=UTC)),
        ("2025-12-01", datetime(2025, 12, 1, 18, tzinfo=UTC)),
        ("2025-06-01 10:30", datetime(2025, 6, 1, 15, 30, tzinfo=UTC)),
        ("2025-06-01T10:30:00-07:00", datetime(2025, 6, 1, 17, 30, tzinfo=UTC)),
        ("2025-06-01T10:30:00Z", datetime(2025, 6, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_day_is_noon_at_the_branch(text: str, instant: datetime) -> None:
    assert cells.instant({"at": text}, "at", CHICAGO, NOW) == instant


@pytest.mark.parametrize(
    "text",
    ["06/01/2025", "1.6.2025", "2025-13-01", "2025-02-30", "yesterday", "45809", "2026-06-03", "1999-12-31",
     "20250601", "2025-W22-7", "2025-06-01T99:00"],
)  # fmt: skip
def test_a_day_that_could_be_another_or_is_to_come_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        cells.instant({"at": text}, "at", CHICAGO, NOW)
    assert refused.value.field == "at"
    assert text not in refused.value.detail


@pytest.mark.parametrize("text", ["5.12555E+09", "call me", "512-555", "555-CALL-NOW"])
def test_a_number_that_lost_its_digits_is_no_phone(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        cells.phone({"phone": text})
    assert (refused.value.field, text in refused.value.detail) == ("phone", False)


def test_phones_are_written_in_one_form() -> None:
    for text in ("(512) 555-0142", "512.555.0142", "+1 512 555 0142", "5125550142"):
        assert cells.phone({"phone": text}) == "+15125550142"


def test_other_cells() -> None:
    assert cells.yes_no({"a": "Yes"}, "a") is True
    assert cells.yes_no({}, "a") is None
    with pytest.raises(BadInput):
        cells.yes_no({"a": "maybe"}, "a")
    assert cells.text({"a": " two \n lines "}, "a") == "two lines"
    with pytest.raises(BadInput):
        cells.text({"a": "x" * 301}, "a")
    with pytest.raises(BadInput):
        cells.text({"a": "x\x07"}, "a")
    assert cells.one_of({"a": "Gift Card"}, "a", ("gift_card",)) == "gift_card"
    assert cells.money({"m": "25.00", "currency": "eur"}, "m", "USD") == (2500, "EUR")
    with pytest.raises(BadInput) as refused:
        cells.money({"m": "25.00"}, "m", None)
    assert refused.value.field == "currency"
