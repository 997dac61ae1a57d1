"""Who brought the most friends in a month or a year, and the names they are shown by.

A name is shown only to whom its owner agreed to: the advocate's own display name, else an initial and the branch.
"""

from dataclasses import dataclass

from moref.intake.model import Contact
from moref.records import Store
from moref.referrals.model import Advocate
from moref.reporting.counters import Standing, board
from moref.reporting.display_name import DisplayName
from moref.tenants.model import Location

SOMEBODY = "Somebody"


@dataclass(frozen=True, slots=True)
class Place:
    rank: int  # the same for as many bookings and quotes
    advocate_id: str
    name: str
    booked: int
    quoted: int


def leaderboard(store: Store, organization_id: str, place: str, period: str, kind: str, *, limit: int) -> list[Place]:
    """`place` is a location or ALL, `period` "2026-11" or "2026". The best first."""
    page = store.list(Standing, organization_id, status=board(place, period, kind), limit=limit)
    found: list[Place] = []
    for row in page.items:
        booked, quoted = row.counts.get("booked", 0), row.counts.get("quoted", 0)
        if not row.active:
            break  # whose friends were all taken back
        last = found[-1] if found else None
        rank = last.rank if last and (last.booked, last.quoted) == (booked, quoted) else len(found) + 1
        found.append(Place(rank, row.advocate_id, shown_as(store, organization_id, row.advocate_id), booked, quoted))
    return found


def shown_as(store: Store, organization_id: str, advocate_id: str) -> str:
    """The display name the advocate agreed to, else such as "A. from Bluebird Austin"."""
    agreed = store.find(DisplayName, organization_id, advocate_id)
    if agreed is not None and agreed.name is not None:
        return agreed.name
    advocate = store.find(Advocate, organization_id, advocate_id)
    if advocate is None:
        return SOMEBODY
    contact = store.find(Contact, organization_id, advocate.contact_id)
    location = store.find(Location, organization_id, advocate.location_id)
    first = contact.first_name.strip() if contact is not None else ""
    return f"{first[0].upper() + '.' if first else SOMEBODY} from {location.name if location else 'here'}"
