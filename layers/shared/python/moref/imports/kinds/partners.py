"""Partners with their permanent link. Their terms and attestation are open until they are recorded, which holds what
they earn; nobody is welcomed by an import."""

from collections.abc import Sequence
from dataclasses import dataclass

from moref.csv_table import Cells
from moref.imports import cells as cell
from moref.imports.model import Outcome
from moref.imports.persons import EMAIL, LAST, PHONE, Person, contact_of, person
from moref.imports.table import Frame, KindOf, about
from moref.kernel.errors import BadInput
from moref.referrals.advocates import advocate_of
from moref.referrals.model import Advocate
from moref.referrals.onboard_advocate import Newcomer, onboard_advocate

COLUMNS: dict[str, Sequence[str]] = {
    "first_name": ("company", "name", "partner", "first name"),
    "last_name": LAST,
    "phone": PHONE,
    "email": EMAIL,
    "location": ("branch",),
    "tier_group": ("group", "tier"),
}
REQUIRED = (("first_name",), ("phone", "email"))


@dataclass(frozen=True, slots=True)
class Row:
    who: Person
    location_id: str
    tier_group: str | None


def read(frame: Frame, cells: Cells) -> Row:
    who = person(cells)
    if not who.first_name:
        raise BadInput("is empty", field="first_name")
    return Row(who, frame.location(cells).id, cell.text(cells, "tier_group", 120) or None)


def bring(frame: Frame, row: Row) -> Outcome:
    contact = contact_of(frame, row.who, row.location_id)
    before = advocate_of(frame.runtime.store, frame.organization_id, contact.id)
    newcomer = Newcomer(
        kind="partner", location_id=row.location_id, first_name=row.who.first_name, last_name=row.who.last_name,
        phone=row.who.phone, email=row.who.email, tier_group=row.tier_group,
    )  # fmt: skip
    after, _ = onboard_advocate(
        frame.runtime, frame.organization_id, newcomer, actor=frame.one.started_by or "", contact=contact, welcome=False
    )
    if before is None:
        return "created"
    return "unchanged" if after.version == before.version else "changed"


WORDS = (
    "Partners, each with a permanent link; terms and attestation stay open until they are recorded. Nobody is welcomed."
)
KIND = KindOf(WORDS, COLUMNS, REQUIRED, read, bring, about(Advocate))
