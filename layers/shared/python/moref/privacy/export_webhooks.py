"""Of a person's copy: the webhooks in which they stand, as they came, for as long as those are kept.

The text is handed out where nobody's address or number stands in it but theirs and the company's own; of the others it
is said that they came, and what they told of the person stands in its rows.
"""

import json
from typing import Any

from moref import people
from moref.intake.model import Contact, InboxEvent
from moref.intake.work_inbox import raw_body
from moref.privacy.ask_export import file_key
from moref.privacy.listed import customer_keys
from moref.privacy.model import Export, ExportFile
from moref.privacy.person import Person, contact_ids
from moref.privacy.raw import holds, names_others
from moref.records import every
from moref.runtime import Runtime
from moref.tenants.model import Location, Member

NOUN = InboxEvent.noun
PAGE = 50
AT_ONCE = 10  # pages of a slice: numbers are looked for in every text
WITHHELD = "not shown, since it holds the address of somebody else; what it says of you stands in person.json"


def export_webhooks(runtime: Runtime, export: Export) -> dict[str, Any]:
    """The export's fields after one page of what came; `at_noun` is None when there is none left. Repeating a page
    writes the same file again."""
    org, ids = export.organization_id, contact_ids(runtime, export.organization_id, export.contact_id or "")
    person = Person(runtime, org, ids)
    jobs = {(job.connection_id, job.external_id) for job in person.jobs() if job.contact_id in ids}  # not of friends
    theirs = _keys(runtime, person)
    page = runtime.store.list(
        InboxEvent, org, newest_first=False, limit=PAGE, after=export.after, until=export.created_at
    )  # fmt: skip
    held = [event for event in page.items if holds(runtime.keys, event, theirs, jobs)]
    files = list(export.files)
    if held:
        known = theirs | _ours(runtime, org)
        rows = [_shown(event, others=names_others(runtime.keys, event, known, jobs)) for event in held]
        files.append(_written(runtime, export, len(files), rows))
    left = None if page.after is None else NOUN
    return {"at_noun": left, "after": page.after, "files": files, "rows": export.rows + len(held)}


def _shown(event: InboxEvent, *, others: bool) -> dict[str, Any]:
    text = None if others else raw_body(event).decode("utf-8", "replace")
    told = {"id": event.id, "source": event.source, "received_at": event.created_at.isoformat(), "text": text}
    return told | ({"withheld": WITHHELD} if others else {})


def _written(runtime: Runtime, export: Export, number: int, rows: list[dict[str, Any]]) -> ExportFile:
    name = f"webhooks.{number:04}.json"
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    runtime.files.put(file_key(export, name), text.encode(), content_type="application/json")
    return ExportFile(name=name, rows=len(rows))


def _keys(runtime: Runtime, person: Person) -> set[str]:
    """Keyed hashes of their addresses and of their ids in CRMs."""
    org = person.organization_id
    contacts = [runtime.store.find(Contact, org, id) for id in person.contact_ids]
    found = [contact for contact in contacts if contact is not None]
    crm = customer_keys(runtime.keys, org, {key for contact in found for key in contact.crm_keys})
    return {*crm, *(key for contact in found for key in contact.person_keys)}


def _ours(runtime: Runtime, org: str) -> set[str]:
    """Of the company's own numbers and addresses, and its staff's."""
    places = every(runtime.store, Location, org)
    phones = [phone for place in places for phone in (place.phone, place.sms_sender) if phone]
    mails = [mail for place in places for mail in (place.staff_email,) if mail]
    mails += [member.email for member in every(runtime.store, Member, org)]
    pairs = [*((phone, None) for phone in phones), *((None, mail) for mail in mails)]
    return {key for phone, mail in pairs for key in people.person_keys(runtime.keys, org, phone, mail)}
