"""Runs a corpus through the real use-cases (form, CRM notice, tracking, late identity) and counts who was credited."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from moref.intake.apply_notice import apply_notice, job_id
from moref.intake.model import InboxEvent, Job
from moref.intake.notice import read_notice
from moref.kernel import keys
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from moref.people import email, phone
from moref.records import Change, Create, E, Page, Point, Write, get
from moref.referrals.late_identity import attribute_contact, attribute_lead
from moref.referrals.model import Referral
from moref.referrals.request_quote import Quote, request_quote
from moref.referrals.track_job import track_job
from tests.fakes.memory_store import MemoryStore
from tests.fakes.referral_world import ORG, World, world
from tests.fakes.runtime import START
from tests.matching.shapes import Record


class IndexedStore(MemoryStore):
    """The twin with look-ups by partition: thousands of rows would make the plain one's scans the whole run."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, set[str]] = {}
        self.jobs: dict[str, set[str]] = {}  # contact -> jobs it ever had

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        return sorted(self.targets.get(keys.lookup_key(organization_id, kind, value)[0], ()))

    def list(self, kind: type[E], organization_id: str, *, parent: str | None = None, **filters: Any) -> Page:
        """Of a contact's jobs, all at once."""
        if kind is not Job or parent is None:
            return super().list(kind, organization_id, parent=parent, **filters)
        found = [get(self, Job, organization_id, id) for id in sorted(self.jobs.get(parent, ()))]
        return Page([job for job in found if job.contact_id == parent], None)

    def _apply(self, write: Write, operation: str, place: int) -> None:
        super()._apply(write, operation, place)
        if isinstance(write, Point):
            partition = keys.lookup_key(write.organization_id, write.kind, write.value, write.target)[0]
            self.targets.setdefault(partition, set()).add(write.target)
        stored = write.entity if isinstance(write, Create) else write.after if isinstance(write, Change) else None
        if isinstance(stored, Job):
            self.jobs.setdefault(stored.contact_id, set()).add(stored.id)


@dataclass
class Score:
    """Of jobs: credited to the right lead, to a wrong one or to any where there is none, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    traits: Counter[str] = field(default_factory=Counter)  # of what went wrong or was missed

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    def count(self, record: Record, credited: str | None) -> None:
        if credited == record.truth:
            self.right += credited is not None
            return
        self.wrong += credited is not None
        self.missed += record.truth is not None
        kind = "wrong" if credited is not None else "missed"
        self.traits[f"{kind}: {' '.join(record.traits) or 'nothing special'}"] += 1


def by_email_only(records: Iterable[Record]) -> Score:
    """What the best of the field do: the e-mail, without letter case, the first lead that has it."""
    leads: dict[str, str] = {}
    score = Score()
    for record in records:
        address = (record.email or "").strip().lower()
        if record.kind == "lead":
            leads.setdefault(address, record.id)
        else:
            score.count(record, leads.get(address) if address else None)
    return score


def by_phone_or_email(records: Iterable[Record]) -> Score:
    """Ten digits or an e-mail in common, whoever they are: shows that the corpus holds what must not be matched."""
    leads: dict[str, str] = {}
    score = Score()
    for record in records:
        digits = re.sub(r"\D", "", re.split(r"x|ext|\(c", record.phone or "")[0])[-10:]
        known = [value for value in (digits, (record.email or "").strip().lower()) if value]
        if record.kind == "lead":
            leads |= {value: record.id for value in known if value not in leads}
        else:
            score.count(record, next((leads[value] for value in known if value in leads), None))
    return score


def by_product(records: Iterable[Record]) -> Score:
    w = world(IndexedStore())
    connection = w.connection(None)
    links = [w.advocate(f"con_adv{n}", email=f"advocate{n}@refers.example").id for n in range(40)]
    leads: dict[str, str] = {}  # lead -> referral
    jobs: list[Record] = []
    for record in records:
        w.clock.at = START + timedelta(days=record.day)
        if record.kind == "lead":
            leads[record.id] = _form(w, record, links[record.advocate % len(links)])
        else:
            _notice(w, connection.id, record)
            jobs.append(record)
        _work(w)
    referrals = {referral: lead for lead, referral in leads.items()}
    score = Score()
    for record in jobs:
        id = job_id(ORG, connection.id, record.id)
        attached = [get(w.store, Referral, ORG, each) for each in w.store.lookup(ORG, "job_referral", id)]
        holders = [each.id for each in attached if each.job_id == id]
        score.count(record, referrals.get(holders[0], "?") if holders else None)
    return score


def _form(w: World, record: Record, code: str) -> str:
    code_of = re.search(r"\d{5}", record.postal_code or "")
    quote = Quote(
        nonce=record.id, first_name=record.first_name, last_name=record.last_name,
        phone=_usable(phone, record.phone), email=_usable(email, record.email), origin_street=record.street,
        origin_zip=code_of[0] if code_of else None, destination_zip=None, move_date=None, notes="", consent_text=None,
        consent_version="1",
    )  # fmt: skip
    return request_quote(w.runtime, code, quote).referral_id


def _usable(read: Any, text: str | None) -> str | None:
    try:
        return str(read(text)) if text else None
    except BadInput:
        return None


def _notice(w: World, connection_id: str, record: Record) -> None:
    now = w.clock.now()
    event = InboxEvent(
        organization_id=ORG, id=f"inb_{record.id}", created_at=now, updated_at=now, source="crm:generic",
        connection_id=connection_id, event_id=record.id, body="",
    )  # fmt: skip
    customer = {"id": f"C-{record.id}", "first_name": record.first_name, "last_name": record.last_name}
    customer |= {name: value for name in ("phone", "email") if (value := getattr(record, name))}
    origin = {"street": record.street, "postal_code": record.postal_code} if record.street else None
    facts = [{"kind": "booked", "value": True, "at": iso(now)}]
    parsed = {"at": iso(now), "job": {"id": record.id, "origin": origin}, "customer": customer, "facts": facts}
    apply_notice(w.runtime, event, read_notice(parsed, now))


def _work(w: World) -> None:
    """The referral worker's share, until nothing is told any more."""
    while w.store.events:
        event = w.store.events.pop(0)
        if event["name"] == "job.changed":
            track_job(w.runtime, ORG, event["subject"])
        elif event["name"] == "contact.identified":
            attribute_contact(w.runtime, ORG, event["subject"])
        elif event["name"] == "lead.created":
            attribute_lead(w.runtime, ORG, event["subject"])
