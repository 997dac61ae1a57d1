"""Where a person may be: a message waits until every such place allows it (rules.md "which zone")."""

import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from moref.campaigns.zones import known
from moref.intake.model import Address
from moref.tenants.model import Location

_DATA = Path(__file__).with_name("data")


class Place(BaseModel):
    """A time zone, and the US state whose law counts there; None is unknown: the union of all limits."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    zone: str  # IANA
    state: str | None = None  # two letters, upper case


def candidates(
    origin: Address | None, destination: Address | None, branch: Location, phone: str | None = None
) -> list[Place]:
    """Every place the recipient may be in: the address left, the one moved to, the branch, the phone's area code (E.164
    number); without repeats, never empty.

    The first is the best guess and the one whose wall time waits are counted in. An address without a zone of its own
    stands for every zone of its state; one whose state nobody knows, too, for the branch's zone under the union of all
    limits. One outside the US adds its zone only. A toll-free or unknown area code adds nothing, and none takes a place
    away: people who move keep their number.
    """
    found: list[Place] = []
    for address in (origin, destination):
        if address is not None:
            found.extend(_of_address(address, branch))
    found.append(Place(zone=branch.time_zone, state=_us_state(branch.state)))
    return list(dict.fromkeys([*found, *_of_phone(phone or "")]))


@cache
def state_zones() -> dict[str, tuple[str, ...]]:
    text = (_DATA / "state_zones.json").read_text(encoding="utf-8")
    return {state: tuple(names) for state, names in json.loads(text)["states"].items()}


def _us_state(text: str | None) -> str | None:
    state = (text or "").strip().upper()
    return state if state in state_zones() else None


def _of_address(address: Address, branch: Location) -> list[Place]:
    state = _us_state(address.state) if address.country == "US" else None
    if known(address.time_zone):
        return [Place(zone=str(address.time_zone), state=state)]
    if state is not None:
        return [Place(zone=name, state=state) for name in state_zones()[state]]
    said = (address.street, address.city, address.state, address.postal_code)
    return [Place(zone=branch.time_zone)] if any(said) else []


@cache
def _area_codes() -> dict[str, tuple[Place, ...]]:
    rows = json.loads((_DATA / "area_codes.json").read_text(encoding="utf-8"))["rows"]
    return {
        code: tuple(Place(zone=name, state=row["state"]) for name in row["zones"])
        for row in rows
        for code in row["codes"]
    }


def _of_phone(phone: str) -> tuple[Place, ...]:
    return _area_codes().get(phone[2:5], ()) if phone.startswith("+1") else ()
