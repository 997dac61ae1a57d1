"""Money in forms and rows: whole minor units, never a float, text, a yes or no, or a number JSON readers round.

`kernel.money` is the arithmetic; these are the types every form field that is money uses, so that one test can find
them all (`format: minor-units` in the API's document) and try the same wrong values on each.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StrictInt

from moref.kernel.errors import BadInput
from moref.kernel.money import DECIMALS, MAXIMUM

FORMAT = "minor-units"
WHOLE = 10_000  # basis points


def _currency(code: str) -> str:
    if code not in DECIMALS:
        raise ValueError(f"one of {', '.join(sorted(DECIMALS))}")
    return code


_MARK = {"format": FORMAT}
Minor = Annotated[StrictInt, Field(ge=0, le=MAXIMUM, json_schema_extra=_MARK)]
Positive = Annotated[StrictInt, Field(ge=1, le=MAXIMUM, json_schema_extra=_MARK)]
# What one reward may be: a slip of the hand in a form is not to be paid by the thousand.
RewardAmount = Annotated[StrictInt, Field(ge=1, le=200_000, json_schema_extra=_MARK)]
BasisPoints = Annotated[StrictInt, Field(ge=1, le=WHOLE)]  # 250 is 2.5 percent
Currency = Annotated[str, AfterValidator(_currency)]


def share(amount: int, basis_points: int) -> int:
    """That many hundredths of a percent of an amount, rounded down to a whole minor unit.

    Down, always: what is published as 5 % is never more than 5 %, and the sum of shares never exceeds the whole.
    """
    if type(amount) is not int or type(basis_points) is not int or amount < 0:
        raise TypeError("a share is taken of whole minor units")
    return amount * basis_points // WHOLE


def from_text(text: str, currency: str, *, field: str = "amount") -> int:
    """`25.00` and `25` of USD are 2500: major units as people write them, and as files of other systems hold them.

    What could mean two sums is refused, never guessed: separators of thousands, a comma, a sign, a currency's mark, and
    any number of decimals but none or all that the currency has. Raises BadInput.
    """
    if currency not in DECIMALS:
        raise BadInput(f"the currency is one of {', '.join(sorted(DECIMALS))}", field="currency")
    places = DECIMALS[currency]
    example = f"1250.{'0' * places}" if places else "1250"
    found = re.fullmatch(r"(\d{1,16})(?:\.(\d+))?", text, re.ASCII)
    if found is None or len(found[2] or "") not in (0, places):
        raise BadInput(f"not an amount of {currency} such as {example}: digits only", field=field)
    amount: int = int(found[1]) * 10**places + int(found[2] or 0)
    if amount > MAXIMUM:
        raise BadInput("the amount is out of range", field=field)
    return amount
