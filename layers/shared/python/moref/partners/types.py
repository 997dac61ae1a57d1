"""Types of partner, as data: what each attests to before it is paid."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

PartnerType = Literal[
    "real_estate_agent", "insurance_agent", "broker", "property_manager", "business", "individual"
]  # fmt: skip
TYPES: tuple[PartnerType, ...] = get_args(PartnerType)
_DATA = Path(__file__).with_name("data") / "types.json"


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`always`: it attests whatever it is paid; otherwise only when it is paid a share. `text` is what it says."""

    words: str
    always: bool
    text: str


def type_of(name: PartnerType) -> TypeOf:
    return _types()[name]


def always_attests(name: str | None) -> bool:
    """Whether a partner of that type is paid nothing before its attestation; None: of no known type."""
    return name in _types() and _types()[name].always


@cache
def _types() -> dict[str, TypeOf]:
    rows = json.loads(_DATA.read_text(encoding="utf-8"))["types"]
    return {name: TypeOf(row["words"], row["attests"] == "always", row["text"]) for name, row in rows.items()}
