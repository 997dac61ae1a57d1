"""No row that counts money takes what is no whole number, whoever makes it: nothing is rounded or read out of text."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from moref.books.model import Balance
from moref.budgets.model import Budget, Spend
from moref.conversions.model import Taken, Vote
from moref.rewards.benefit_model import CreditPart, CreditUse, Debt, DiscountCode, Lot
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Line, Payout, Reward

COUNTED: list[type[BaseModel]] = [
    Balance, Budget, CreditPart, CreditUse, Debt, DiscountCode, Goodwill, Line, Lot, Payout, Reward, Spend, Taken, Vote,
]  # fmt: skip
NAMES = ("amount", "withheld", "settled", "due", "redeemed_amount", "left")


@pytest.mark.parametrize("kind", COUNTED, ids=lambda kind: kind.__name__)
def test_an_amount_in_a_row_is_an_integer_and_nothing_that_looks_like_one(kind: type[BaseModel]) -> None:
    fields = {name: info for name, info in kind.model_fields.items() if name in NAMES}
    assert fields
    for name, info in fields.items():
        checked: TypeAdapter[Any] = TypeAdapter(info.rebuild_annotation())
        assert checked.validate_python(2500) == 2500
        for wrong in (1.5, 100.0, "100", True, b"1"):
            assert refuses(checked, wrong), f"{kind.__name__}.{name} takes {wrong!r}"


def refuses(checked: TypeAdapter[Any], wrong: object) -> bool:
    try:
        checked.validate_python(wrong)
    except ValidationError:
        return True
    return False
