"""Employer Identification Numbers, as 1099 forms name a payer: nine digits, the first two of an IRS campus.

Prefixes: IRS, "How EINs are assigned and valid EIN prefixes", read in 2026. There is no check digit, so this finds
what was mistyped at its beginning only.
"""

NEVER_GIVEN = ("00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97")


def ein(text: str) -> str:
    """As the IRS writes it: `12-3456789`. Raises ValueError."""
    digits = "".join(character for character in text if character not in "- ")
    if len(digits) != 9 or not (digits.isascii() and digits.isdecimal()):
        raise ValueError("an EIN has nine digits, such as 12-3456789")
    if digits[:2] in NEVER_GIVEN:
        raise ValueError(f"no EIN begins with {digits[:2]}")
    return f"{digits[:2]}-{digits[2:]}"
