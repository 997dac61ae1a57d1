"""People as the CRM knows them. What it said later stays; nobody is written to because of an import."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moref.csv_table import Cells
from moref.imports import cells as cell
from moref.imports.model import Outcome
from moref.imports.persons import EMAIL, FIRST, LAST, PHONE, TRIES, Person, brought, person, refuse_erased
from moref.imports.table import Frame, KindOf
from moref.intake.find_contact import CRM
from moref.intake.model import Consent, Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Write

COLUMNS = {
    "external_id": ("customer id", "contact id", "id"),
    "first_name": FIRST,
    "last_name": LAST,
    "phone": PHONE,
    "email": EMAIL,
    "language": ("lang",),
    "location": ("branch",),
    "customer_since": ("customer from", "created"),
    "sms_consent": ("sms opt in", "text consent"),
    "sms_consent_at": ("sms consent date", "text consent date"),
}
REQUIRED = (("phone", "email"),)
CONSENT = ("sms_consent", "sms_consent_at")
ATTESTED = "import, attested by the organization"
_SILENT = {"known_at", "updated_at", "version"}


@dataclass(frozen=True, slots=True)
class Row:
    who: Person
    external_id: str | None
    language: str | None
    location_id: str
    branch_said: bool
    customer_since: datetime | None
    consent: Consent | None


def read(frame: Frame, cells: Cells) -> Row:
    place = frame.location(cells)
    external_id = cell.text(cells, "external_id", 200) or None
    if external_id and frame.connection is None:
        raise BadInput("ids are of a CRM: say which when the import is made (connection_id)", field="external_id")
    language = cell.one_of(cells, "language", ("en", "es")) if cells.get("language") else None
    return Row(
        who=person(cells),
        external_id=external_id,
        language=language,
        location_id=place.id,
        branch_said=bool(cells.get("location")),
        customer_since=cell.instant(cells, "customer_since", place.time_zone, frame.now),
        consent=_consent(frame, cells, place.time_zone),
    )


def _consent(frame: Frame, cells: Cells, zone: str) -> Consent | None:
    """A yes is proof only with its day; the words are those that the organization attested for this file."""
    agreed, words = cell.yes_no(cells, "sms_consent"), frame.one.options.consent_text
    if agreed is None or words is None:
        return None
    at = cell.instant(cells, "sms_consent_at", zone, frame.now, needed=agreed)
    return Consent(channel="sms", text=words, at=at or frame.one.options.as_of, source=ATTESTED, withdrawn=not agreed)


def bring(frame: Frame, row: Row) -> Outcome:
    for _ in range(TRIES):
        contact, writes = resolve_contact(
            frame.runtime, frame.organization_id, location_id=row.location_id, branch_said=row.branch_said,
            connection_id=frame.connection.id if frame.connection else None, external_id=row.external_id,
            first_name=row.who.first_name, last_name=row.who.last_name, phone=row.who.phone, email=row.who.email,
            language=row.language, consent=row.consent, source=CRM, at=frame.one.options.as_of,
        )  # fmt: skip
        refuse_erased(contact)
        try:
            if writes:
                frame.runtime.store.commit(*brought(writes, row.customer_since))
        except Conflict:
            continue
        return outcome(writes)
    raise Conflict("the person is being changed by others")


def outcome(writes: tuple[Write, ...]) -> Outcome:
    """Of the contact. That the same was said again, later, is no change."""
    for write in writes:
        if isinstance(write, Create) and isinstance(write.entity, Contact):
            return "created"
        if isinstance(write, Change) and isinstance(write.after, Contact):
            return "changed" if _said(write.before) != _said(write.after) else "unchanged"
    return "unchanged"


def _said(contact: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(contact).items() if name not in _SILENT}


WORDS = (
    "People as the CRM knows them: found again by id, phone or e-mail, or made; what a CRM said later "
    "stays. Nobody is written to."
)
KIND = KindOf(WORDS, COLUMNS, REQUIRED, read, bring, outcome, consent=CONSENT)
