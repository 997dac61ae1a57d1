"""Money is an integer count of minor units with its ISO 4217 currency: 2500 USD is 25 dollars, 2500 JPY is 2500 yen."""

from moref.kernel.errors import BadInput

# Decimal places by currency (ISO 4217); a currency not listed is refused rather than guessed.
DECIMALS = {"USD": 2, "CAD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "NZD": 2, "MXN": 2, "JPY": 0, "BHD": 3}
MAXIMUM = 2**53 - 1  # every JSON reader keeps it exact


class Money:
    """An amount that is never a float, a boolean or text."""

    __slots__ = ("amount", "currency")

    def __init__(self, amount: int, currency: str) -> None:
        if type(amount) is not int:
            raise BadInput("amount must be an integer of minor units", field="amount")
        if not 0 <= amount <= MAXIMUM:
            raise BadInput("amount out of range", field="amount")
        if currency not in DECIMALS:
            raise BadInput(f"currency {currency!r} is not supported", field="currency")
        self.amount = amount
        self.currency = currency

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and (self.amount, self.currency) == (other.amount, other.currency)

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __repr__(self) -> str:
        return f"Money({self.amount}, {self.currency!r})"

    def decimal(self) -> str:
        """`2500, USD` -> `25.00`; what a vendor that wants decimals is sent, without a float in between."""
        places = DECIMALS[self.currency]
        if not places:
            return str(self.amount)
        whole, part = divmod(self.amount, 10**places)
        return f"{whole}.{part:0{places}d}"

    def for_people(self) -> str:
        """`$25` or `$25.50`; other currencies with their code."""
        text = self.decimal().removesuffix(".00")
        return f"${text}" if self.currency == "USD" else f"{text} {self.currency}"
