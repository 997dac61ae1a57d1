"""The organization's own do-not-contact list: read from a CSV file, written to one, and lifted one by one.

A row names a phone, an e-mail address or both, and may say why. What is stored is the keyed hash of the address, so the
list binds people who are not customers yet, and goes on binding those who were erased. The report never repeats an
address: it names the line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from moref import csv_table, people
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.addresses import MARKETING_TEXTS
from moref.messaging.model import Channel, Suppression
from moref.messaging.opt_out import (
    DO_NOT_CONTACT,
    MOST_CONTACTS,
    UNSUBSCRIBED,
    contacts_behind,
    has_key,
    opt_out,
    staff_may_lift,
    suppression_id,
    suppression_of,
    unmarked,
)
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

MOST_ROWS = 500  # of a call: each is a commit of its own, and the call has to end within the API's half minute
MOST_REJECTED = 100  # lines that the report names
_TRIES = 5
COLUMNS = {"phone": ("mobile", "phone number"), "email": ("mail", "e-mail address"), "reason": ("note",)}


@dataclass(slots=True)
class Report:
    """Counts of addresses (a row may hold two); `rejected` holds (line of the file, what is wrong with it)."""

    rows: int = 0
    added: int = 0
    already: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Address:
    channel: Channel
    value: str
    reason: str | None


def import_list(runtime: Runtime, organization_id: str, text: str, *, dry_run: bool, actor: str) -> Report:
    """Suppresses every address of the file; a dry run only reports. Repeating it changes nothing.

    Raises BadInput (field "csv") on a file without a usable header, or of more than MOST_ROWS rows.
    """
    rows, report = _rows(text), Report()
    report.rows = len(rows)
    seen: set[str] = set()
    for row in rows:
        addresses, wrong = addresses_of(row)
        report.rejected.extend((row.number, slip.detail) for slip in wrong)
        for address in addresses:
            key = suppression_id(runtime, organization_id, address.channel, address.value)
            if key in seen:
                report.duplicates += 1
            elif suppress(runtime, organization_id, address, dry_run=dry_run):
                report.added += 1
            else:
                report.already += 1
            seen.add(key)
    if not dry_run:
        counts = {"added": report.added, "already": report.already, "rejected": len(report.rejected)}
        detail = {name: str(count) for name, count in counts.items()}
        now = runtime.clock.now()
        runtime.store.commit(audited(now, organization_id, actor, "do_not_contact.imported", organization_id, **detail))
    return report


def suppress(runtime: Runtime, organization_id: str, address: Address, *, dry_run: bool = False) -> bool:
    """False when as much was in force already."""
    if _binds(suppression_of(runtime, organization_id, address.channel, address.value)):
        return False
    if not dry_run:
        opt_out(runtime, organization_id, address.channel, address.value, DO_NOT_CONTACT, note=address.reason)
    return True


def lift(runtime: Runtime, organization_id: str, id: str, *, reason: str, actor: str) -> Suppression:
    """A weaker wish whose place it took is in force again. Raises NotFound; Conflict for what the person told us
    themselves, which only they take back."""
    for _ in range(_TRIES):
        before = get(runtime.store, Suppression, organization_id, id)
        if not before.active:
            return before
        if not staff_may_lift(before):
            raise Conflict("the person said so themselves: they take it back by texting START, or on their page")
        now = runtime.clock.now()
        after = before.changed(now, active=False, reason=f"lifted: {before.reason}", note=reason)
        if before.beneath:
            after = before.changed(now, reason=before.beneath[-1], beneath=before.beneath[:-1], note=reason)
        audit = audited(now, organization_id, actor, "do_not_contact.lifted", id, was=before.reason, reason=reason)
        try:
            runtime.store.commit(Change(before, after), *_unmark(runtime, after), audit)
        except Conflict:
            continue
        return get(runtime.store, Suppression, organization_id, id)
    raise Conflict("the suppression is being changed by others")


def contacts_with(runtime: Runtime, suppression: Suppression) -> list[Contact]:
    """Those who have the suppressed address by now."""
    found = contacts_behind(runtime, suppression.organization_id, suppression.id)
    return [contact for contact in found if has_key(runtime, contact, suppression.id)]


def _unmark(runtime: Runtime, after: Suppression) -> list[Write]:
    """The contacts' opt-outs as far as nothing asks for them any more."""
    if after.active and (after.channel == "email" or after.reason != UNSUBSCRIBED):
        return []
    now, found = runtime.clock.now(), contacts_with(runtime, after)
    changes: list[Write] = []
    for one in found[:MOST_CONTACTS]:
        kept = {name: at for name, at in one.opted_out.items() if after.active and name == MARKETING_TEXTS}
        changes.append(Change(one, one.changed(now, opted_out=unmarked(one, after.channel) | kept)))
    return changes


def _binds(suppression: Suppression | None) -> bool:
    """As much as the list would: an e-mail that is unsubscribed from marketing still gets service messages."""
    return suppression is not None and suppression.reason not in ("unsubscribed", "staff", "preferences page")


def _rows(text: str) -> list[csv_table.Row]:
    header, found = csv_table.rows(text, COLUMNS)
    refuse_header(header)
    first = list(islice(found, MOST_ROWS + 1))
    if len(first) > MOST_ROWS:
        raise BadInput(f"at most {MOST_ROWS} rows in a call: a longer file goes through /v1/imports", field="csv")
    return first


def refuse_header(header: csv_table.Header) -> None:
    """Raises BadInput on a file that names no address."""
    if not header.places.keys() & {"phone", "email"}:
        raise BadInput("the first line names the columns: phone, email or both, and reason if you like", field="csv")


def addresses_of(row: csv_table.Row) -> tuple[list[Address], list[BadInput]]:
    """The addresses of a row, and what is wrong with it, by column: a slip in one does not let go of the other."""
    if row.wrong:
        return [], [BadInput(row.wrong)]
    reason = " ".join(row.cells.get("reason", "").split())[:200] or None
    readers: dict[str, tuple[Channel, Callable[[str], str]]] = {
        "phone": ("sms", people.phone), "email": ("email", people.email),
    }  # fmt: skip
    found, wrong = [], []
    for name, (channel, read) in readers.items():
        try:
            if row.cells.get(name):
                found.append(Address(channel, read(row.cells[name]), reason))
        except BadInput as error:
            wrong.append(error)
    return found, wrong if found or wrong else [BadInput("neither phone nor e-mail")]
