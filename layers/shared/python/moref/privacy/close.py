"""The end of an organization that closed: once its thirty days are over and nothing is on its way to anybody, its hooks
are shut, and everybody it knew is erased, some contacts at a time. The ledger and the audit stay, without names."""

from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.privacy.ask_erasure import ask_erasure
from moref.privacy.sweep import CLOSE_WORK
from moref.records import Change, Write, every, get
from moref.rewards.model import Payout, PayoutStatus
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Connection, Hook, Organization

PLATFORM = "moref"
SLICE = 25  # contacts
_UNDER_WAY: tuple[PayoutStatus, ...] = ("intent", "submitted", "retry_wait", "unknown")


def close(runtime: Runtime, organization_id: str, _subject: str) -> None:
    """One slice; harmless when repeated. Raises Conflict when it is being changed: the queue brings it again."""
    org, now = get(runtime.store, Organization, organization_id, organization_id), runtime.clock.now()
    if org.status == "closing" and org.closes_at is not None and org.closes_at <= now:
        if any(runtime.store.list(Payout, org.id, status=status, limit=1).items for status in _UNDER_WAY):
            return  # what is owed is paid first; the next hour looks again
        runtime.store.commit(
            Change(org, org.changed(now, status="closed")), *_shut(runtime, org.id),
            audited(now, org.id, PLATFORM, "organization.closed", org.id),
        )  # fmt: skip
    elif org.status != "closed":
        return
    _erase_some(runtime, organization_id)


def _shut(runtime: Runtime, org: str) -> list[Write]:
    """No webhook brings anybody back."""
    found = [runtime.store.find(Hook, GLOBAL, one.hook_token) for one in every(runtime.store, Connection, org)]
    now = runtime.clock.now()
    return [Change(hook, hook.changed(now, status="stopped")) for hook in found if hook and hook.status == "active"]


def _erase_some(runtime: Runtime, org: str) -> None:
    """Raw webhooks are gone thirty days after the last of them came."""
    done, left, after = 0, 0, None
    while done < SLICE:
        page = runtime.store.list(Contact, org, newest_first=False, limit=100, after=after)
        for contact in page.items:
            if contact.erased_at is None and contact.merged_into is None and done < SLICE:
                done, left = done + _asked(runtime, org, contact.id), left + 1
        after = page.after
        if after is None:
            if not left:
                _over(runtime, org)
            return
    command = {"command": CLOSE_WORK, "organization_id": org, "subject": org}
    runtime.queues.send(BULK, command, delay_seconds=5)


def _over(runtime: Runtime, organization_id: str) -> None:
    """Nobody is left: the hourly look ends."""
    org = get(runtime.store, Organization, organization_id, organization_id)
    runtime.store.commit(Change(org, org.changed(runtime.clock.now(), closes_at=None)))


def _asked(runtime: Runtime, org: str, contact_id: str) -> int:
    try:
        ask_erasure(runtime, org, contact_id, reason="the organization closed", actor=PLATFORM, raw=False)
    except Conflict:
        return 0  # a reward of theirs is about to be released: the next hour looks again
    return 1
