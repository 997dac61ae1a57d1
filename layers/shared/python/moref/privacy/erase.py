"""On erasure.asked, slice by slice: rows are blanked, look-ups taken away, raw webhooks emptied. The ledger stays.

Every slice is harmless when repeated: what is empty already is left alone. A payout that was released is ordered first,
to the address it was earned under; its frozen recipient, and that of a message being sent, goes when the provider is
done: the erasure waits, and is looked at every hour.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from moref.campaigns.model import Enrollment
from moref.campaigns.stop import stop
from moref.intake import name_index
from moref.intake.model import ERASED, Contact, InboxEvent
from moref.intake.work_inbox import work_inbox
from moref.kernel.errors import Conflict, MorefError
from moref.kernel.names import BULK
from moref.messaging.model import Suppression
from moref.people import name_keys
from moref.privacy import files
from moref.privacy.ask_erasure import listed, marked
from moref.privacy.blank import blanked, under_way
from moref.privacy.model import Erasure
from moref.privacy.person import Person
from moref.privacy.raw import holds
from moref.privacy.sweep import command
from moref.records import Change, Entity, Unpoint, Write, get
from moref.referrals.recognise import LOOKUP as REFERRED
from moref.referrals.recognise import ways
from moref.rewards.model import Payout, Reward
from moref.rewards.start_payout import start_payout
from moref.runtime import Runtime

PAGE = 50  # raw webhooks of a slice
TRIES = 5
AT_ONCE = 90  # writes of a commit
STOPPED = "person_erased"
PATIENCE = timedelta(hours=1)
SETTLED = timedelta(minutes=3)  # longer than any function runs


def erase(runtime: Runtime, organization_id: str, id: str) -> None:
    """One slice. Raises NotFound; Conflict when the row is being changed: the queue brings it again."""
    before = get(runtime.store, Erasure, organization_id, id)
    if before.status == "done":
        return
    done = 0
    if before.inbox_after is None and not before.inbox_done:  # the first slice
        done, _ = erase_rows(runtime, before)
    after = before.changed(runtime.clock.now(), blanked=before.blanked + done, **_inbox(runtime, before))
    if after.inbox_done:
        after = _looked_again(runtime, after)
    runtime.store.commit(Change(before, after))
    if not after.inbox_done:
        runtime.queues.send(BULK, command(after))
    elif before.last_look_at is None:
        runtime.queues.send(BULK, command(after), delay_seconds=int(SETTLED.total_seconds()))


def _looked_again(runtime: Runtime, erasure: Erasure) -> Erasure:
    """Lists lag, and a worker that read the person before it was asked may write a moment after: the last look comes
    when it cannot any more."""
    done, waits = erase_rows(runtime, erasure)
    now = runtime.clock.now()
    last = erasure.last_look_at or now + SETTLED
    over = not waits and now >= last
    return erasure.changed(
        now, blanked=erasure.blanked + done, waits_for=sorted(waits), last_look_at=last,
        status="done" if over else "waiting", finished_at=now if over else None,
    )  # fmt: skip


def erase_rows(runtime: Runtime, erasure: Erasure) -> tuple[int, list[str]]:
    """How many rows were blanked, and the ids of those that are under way. Raises Conflict after lost races."""
    org = erasure.organization_id
    _commit(runtime, [*_marks(runtime, erasure), *listed(runtime, erasure)])
    person = Person(runtime, org, erasure.contact_ids)
    found = person.rows(named_only=True)
    rows = [*_order_what_is_owed(runtime, found.get("reward", [])), *(row for rows in found.values() for row in rows)]
    rows += [row for key in erasure.listed_keys if (row := runtime.store.find(Suppression, org, key))]
    contacts = [row for row in rows if isinstance(row, Contact)]
    done = sum(_blank(runtime, row, erasure) for row in rows if not isinstance(row, Contact))
    # What leads to the person by name or address is derived from the row that is emptied last.
    _commit(runtime, list(_look_ups(runtime, person, contacts)))
    files.forget(runtime, erasure)
    now = runtime.clock.now()
    waits = {row.id for row in rows if under_way(row, now)}
    return done + sum(_blank(runtime, row, erasure) for row in contacts), [*waits]


def _marks(runtime: Runtime, erasure: Erasure) -> list[Write]:
    """After a restore the contacts are as they were before anybody asked."""
    found = [runtime.store.find(Contact, erasure.organization_id, id) for id in erasure.contact_ids]
    return [write for contact in found if contact is not None for write in marked(contact, runtime.clock.now())]


def _order_what_is_owed(runtime: Runtime, rewards: Sequence[Entity]) -> Iterator[Payout]:
    for reward in rewards:
        if not isinstance(reward, Reward) or reward.status != "pending" or reward.released_at is None:
            continue
        contact = runtime.store.find(Contact, reward.organization_id, reward.contact_id)
        if reward.kind == "gift_card" and contact is not None and (contact.email or contact.phone):
            payout = start_payout(runtime, reward.organization_id, reward.id)
            yield from [payout] if payout is not None else []


def _blank(runtime: Runtime, row: Entity, erasure: Erasure) -> bool:
    if isinstance(row, Enrollment):
        stop(runtime, row.organization_id, row.id, STOPPED)
    if blanked(row, erasure.contact_ids, runtime.clock.now()) is None:
        return False
    for _ in range(TRIES):
        fresh = runtime.store.find(type(row), row.organization_id, row.id)
        now = runtime.clock.now()
        if fresh is None or under_way(fresh, now):
            return False
        after = blanked(fresh, erasure.contact_ids, now)
        if after is None:
            return False
        try:
            runtime.store.commit(Change(fresh, after))
        except Conflict:
            continue
        return True
    raise Conflict(f"{row.noun} {row.id} is being changed by others")


def _look_ups(runtime: Runtime, person: Person, contacts: Sequence[Contact]) -> Iterator[Write]:
    store, org, theirs = runtime.store, person.organization_id, {row.id for row in person.referred()}
    for contact in contacts:
        for point in name_index.points(runtime.keys, contact):
            yield Unpoint(org, point.kind, point.value, point.target)
        named = name_keys(runtime.keys, org, contact.first_name, contact.last_name)
        ways_to = [("person", key) for key in [*contact.person_keys, *named]]
        for kind, value in [*ways_to, *(("crm_contact", key) for key in contact.crm_keys)]:
            for target in {*store.lookup(org, kind, value)} & {*person.contact_ids}:
                yield Unpoint(org, kind, value, target)
        for value in ways(runtime.keys, contact):
            if value not in person.contact_ids:
                for target in {*store.lookup(org, REFERRED, value)} & theirs:
                    yield Unpoint(org, REFERRED, value, target)


def _commit(runtime: Runtime, writes: Sequence[Write]) -> None:
    unique = list(dict.fromkeys(writes)) if all(isinstance(each, Unpoint) for each in writes) else list(writes)
    for start in range(0, len(unique), AT_ONCE):
        runtime.store.commit(*unique[start : start + AT_ONCE])


def _inbox(runtime: Runtime, erasure: Erasure) -> dict[str, object]:
    """A page of raw webhooks, the newest first, and where to go on."""
    if erasure.inbox_done:
        return {}
    org = erasure.organization_id
    page = runtime.store.list(InboxEvent, org, until=erasure.inbox_until, limit=PAGE, after=erasure.inbox_after)
    jobs = {(job.connection_id, job.external_id) for job in Person(runtime, org, erasure.contact_ids).jobs()}
    for event in page.items:
        if holds(runtime.keys, event, {*erasure.listed_keys}, jobs):
            empty(runtime, event)
    return {"inbox_after": page.after, "inbox_done": page.after is None}


def empty(runtime: Runtime, listed: InboxEvent) -> None:
    """A raw webhook without its body. One that waits is worked on first, as its facts count; if that fails for an hour
    it is emptied all the same."""
    try:
        work_inbox(runtime, listed.organization_id, listed.id)
    except MorefError:
        if runtime.clock.now() - listed.created_at < PATIENCE:
            raise
    for _ in range(TRIES):
        event = runtime.store.find(InboxEvent, listed.organization_id, listed.id)
        if event is None or not event.body:
            return
        now = runtime.clock.now()
        after = event.changed(now, body="", headers={}, status="handled", reason=ERASED, handled_at=now)
        try:
            runtime.store.commit(Change(event, after))
        except Conflict:
            continue
        return
    raise Conflict("the inbox row is being changed by others")
