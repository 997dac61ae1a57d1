"""Staff ask for a person to be erased: from this commit on nothing is sent to them and intake keeps nothing of them.

What is stored already goes slice by slice (erase.py), on the event.
"""

from datetime import datetime

from moref.events import Event
from moref.intake.model import Contact
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.privacy.listed import customer_keys
from moref.privacy.model import ErasedKey, Erasure
from moref.privacy.person import Person, contact_ids
from moref.records import Change, Create, Emit, Write, get
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
MOST_LISTED = 60  # keys in the first commit; the worker lists the others


def erasure_id(organization_id: str, contact_id: str) -> str:
    return ids.derived("ers", organization_id, contact_id)


def ask_erasure(
    runtime: Runtime, organization_id: str, contact_id: str, *, reason: str, actor: str, raw: bool = True
) -> Erasure:
    """Of the whole person: rows that were merged are erased with the one that counts. Asking again changes nothing.

    `raw` False leaves raw webhooks to their end after thirty days. Raises NotFound; Conflict while the approval of a
    reward of theirs may still be undone, or after five lost races.
    """
    for _ in range(TRIES):
        found = contact_ids(runtime, organization_id, contact_id)
        known = runtime.store.find(Erasure, organization_id, erasure_id(organization_id, found[0]))
        if known is not None:
            return known
        _nothing_to_be_undone(runtime, organization_id, found)
        try:
            runtime.store.commit(*_writes(runtime, organization_id, found, reason, actor, raw=raw))
        except Conflict:
            continue  # a notice, a merge, or the same request at once
        return get(runtime.store, Erasure, organization_id, erasure_id(organization_id, found[0]))
    raise Conflict("the person is being changed by others")


def marked(contact: Contact, now: datetime) -> list[Write]:
    return [] if contact.erased_at is not None else [Change(contact, contact.changed(now, erased_at=now))]


def listed(runtime: Runtime, erasure: Erasure) -> list[Write]:
    """The entries of the erasure list that are not there yet. A key that two people shared leads to the first."""
    now, org = runtime.clock.now(), erasure.organization_id
    return [
        Create(
            ErasedKey(
                organization_id=org, id=key, created_at=now, updated_at=now, erasure_id=erasure.id,
                contact_id=erasure.contact_id,
            )
        )
        for key in erasure.listed_keys
        if runtime.store.find(ErasedKey, org, key) is None
    ]  # fmt: skip


def _writes(runtime: Runtime, org: str, contact_ids: list[str], reason: str, actor: str, *, raw: bool) -> list[Write]:
    now = runtime.clock.now()
    contacts = [get(runtime.store, Contact, org, id) for id in contact_ids]
    crm_keys = customer_keys(runtime.keys, org, {key for contact in contacts for key in contact.crm_keys})
    erasure = Erasure(
        organization_id=org, id=erasure_id(org, contact_ids[0]), created_at=now, updated_at=now,
        contact_id=contact_ids[0], contact_ids=contact_ids, requested_by=actor, reason=reason, inbox_until=now,
        inbox_done=not raw,
        listed_keys=sorted({*crm_keys, *(key for contact in contacts for key in contact.person_keys)}),
    )  # fmt: skip
    return [
        Create(erasure),
        *(write for contact in contacts for write in marked(contact, now)),
        *listed(runtime, erasure)[:MOST_LISTED],
        audited(now, org, actor, "person.erased", contact_ids[0], erasure=erasure.id),
        Emit(Event("erasure.asked", org, erasure.id), now),
    ]


def _nothing_to_be_undone(runtime: Runtime, org: str, contact_ids: list[str]) -> None:
    """A reward that is released is ordered before the address goes; one that is about to be would find none."""
    now = runtime.clock.now()
    rewards = Person(runtime, org, contact_ids).rows(named_only=True).get("reward", [])
    waiting = [
        reward.release_at
        for reward in rewards
        if isinstance(reward, Reward) and reward.status == "pending" and reward.released_at is None
        if reward.kind == "gift_card" and reward.release_at is not None and reward.release_at > now
    ]
    if waiting:
        when = max(waiting).strftime("%H:%M UTC")
        raise Conflict(f"the approval of a reward of theirs may be undone until {when}: undo it, or ask again then")
