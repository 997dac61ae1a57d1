"""How the report says money, times and numbers."""

import pytest

from moref.pages.report import day, money, number, span


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (2_250_000, "USD", "$22,500"), (1103, "USD", "$11.03"), (0, "USD", "$0"), (1_234_567, "JPY", "1,234,567 JPY"),
        (1500, "CAD", "15 CAD"), (10**18, "USD", "$90,071,992,547,409.91"), (None, "USD", "\u2013"),
        (99, "XTS", "99 XTS"),
    ],
)  # fmt: skip
def test_money(amount: int | None, currency: str, said: str) -> None:
    assert money(amount, currency) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "\u2013"), (0, "0 s"), (119, "119 s"), (121, "3 min"), (7200, "2 h"), (172_801, "3 days")],
)
def test_a_time_is_never_said_to_be_shorter_than_it_was(seconds: int | None, said: str) -> None:
    assert span(seconds) == said


def test_days_and_numbers() -> None:
    assert (day("2026-06-01"), number(1_234_567), number(None)) == ("1 Jun 2026", "1,234,567", "\u2013")
