"""Somebody a row names, and the contact they are: what every kind with people in it shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from moref.csv_table import Cells
from moref.imports import cells as cell
from moref.imports.table import Frame
from moref.intake.model import Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel.errors import BadInput, Conflict
from moref.records import Create, Write

TRIES = 5
SOURCE = "import"  # who vouches: like a form's, its words never change an address that is known

FIRST, LAST = ("first name", "given name", "forename"), ("last name", "surname", "family name")
PHONE = ("mobile", "cell", "phone number", "telephone")
EMAIL = ("mail", "e-mail address", "email address")


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str
    phone: str | None
    email: str | None

    def key(self) -> tuple[str, ...]:
        """What the same person in another file would have, too."""
        return (self.phone or "", self.email or "", self.first_name.casefold(), self.last_name.casefold())


def columns(prefix: str) -> dict[str, Sequence[str]]:
    """`advocate_first_name` and so on, found as "Advocate first name", "advocate mobile" ..."""
    parts = {"first_name": FIRST, "last_name": LAST, "phone": PHONE, "email": EMAIL}
    return {f"{prefix}_{part}": tuple(f"{prefix} {other}" for other in others) for part, others in parts.items()}


def person(cells: Cells, prefix: str = "") -> Person:
    """Raises BadInput when neither phone nor e-mail says who it is."""
    found = Person(
        first_name=cell.text(cells, f"{prefix}first_name", 120),
        last_name=cell.text(cells, f"{prefix}last_name", 120),
        phone=cell.phone(cells, f"{prefix}phone"),
        email=cell.email(cells, f"{prefix}email"),
    )
    if not (found.phone or found.email):
        raise BadInput("neither phone nor e-mail", field=f"{prefix}phone")
    return found


def contact_of(frame: Frame, who: Person, location_id: str) -> Contact:
    """Found, or made; no address that is known changes. Raises Conflict after five lost races."""
    for _ in range(TRIES):
        contact, writes = resolve_contact(
            frame.runtime, frame.organization_id, location_id=location_id, first_name=who.first_name,
            last_name=who.last_name, phone=who.phone, email=who.email, source=SOURCE,
        )  # fmt: skip
        refuse_erased(contact)
        try:
            if writes:
                frame.runtime.store.commit(*brought(writes, None))
        except Conflict:
            continue
        return contact
    raise Conflict("the person is being changed by others")


class ErasedPerson(BadInput):
    """The row's cells are not kept either, not even among those that were refused."""


def refuse_erased(contact: Contact) -> None:
    """Raises ErasedPerson: nothing is stored of somebody who was erased, whatever file names them."""
    if contact.erased_at is not None:
        raise ErasedPerson("this person had their data erased", field="phone")


def brought(writes: Iterable[Write], customer_since: datetime | None) -> list[Write]:
    """A contact that a file makes says so: the day of the import is not the day they became a customer."""
    return [
        Create(write.entity.model_copy(update={"imported": True, "customer_since": customer_since}))
        if isinstance(write, Create) and isinstance(write.entity, Contact)
        else write
        for write in writes
    ]
