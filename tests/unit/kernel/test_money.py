"""Money is never a float, a boolean or text, and never rounds in silence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.kernel.errors import BadInput
from moref.kernel.money import DECIMALS, MAXIMUM, Money


@pytest.mark.parametrize("amount", [1.5, "100", True, -1, 2**53, None])
def test_what_is_no_count_of_minor_units_is_refused(amount: Any) -> None:
    with pytest.raises(BadInput):
        Money(amount, "USD")


def test_an_unknown_currency_is_refused_rather_than_guessed() -> None:
    with pytest.raises(BadInput):
        Money(100, "XXX")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(2500, "USD", "25.00"), (5, "USD", "0.05"), (2500, "JPY", "2500"), (2500, "BHD", "2.500"), (0, "EUR", "0.00")],
)
def test_decimals_follow_the_currency(amount: int, currency: str, text: str) -> None:
    assert Money(amount, currency).decimal() == text


@given(st.integers(0, MAXIMUM), st.sampled_from(sorted(DECIMALS)))
def test_the_decimal_text_loses_nothing(amount: int, currency: str) -> None:
    assert int(Money(amount, currency).decimal().replace(".", "")) == amount


def test_people_read_whole_dollars_without_cents() -> None:
    assert Money(2500, "USD").for_people() == "$25"
    assert Money(2550, "USD").for_people() == "$25.50"
