"""An organization closes: sends stop at once, what is owed is still paid, its links lead to its site without credit.

For thirty days an owner may take it back. Then privacy.close ends it: whoever it knew is erased, the books stay.
"""

from datetime import timedelta
from typing import Any

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Organization

GRACE = timedelta(days=30)
TRIES = 5
CHANGED = "organization.closing_changed"


def close_organization(runtime: Runtime, organization_id: str, *, reason: str, actor: str) -> Organization:
    """Asking again changes nothing. Raises Conflict unless it is active, or after lost races."""
    now = runtime.clock.now()
    after = {"status": "closing", "closes_at": now + GRACE}
    return _moved(runtime, organization_id, "active", after, actor, reason=reason)


def reopen_organization(runtime: Runtime, organization_id: str, *, actor: str) -> Organization:
    """Takes the closing back. Messages that were dropped meanwhile stay dropped. Raises Conflict when it is closed."""
    return _moved(runtime, organization_id, "closing", {"status": "active", "closes_at": None}, actor)


def mark_links(runtime: Runtime, organization_id: str, _subject: str) -> None:
    """On the event: the redirect reads the location and nothing else of the organization. Raises Conflict."""
    credited = get(runtime.store, Organization, organization_id, organization_id).status == "active"
    for listed in every(runtime.store, Location, organization_id):
        location = get(runtime.store, Location, organization_id, listed.id)
        if location.links_credit != credited:
            runtime.store.commit(Change(location, location.changed(runtime.clock.now(), links_credit=credited)))


def _moved(runtime: Runtime, org: str, before: str, after: dict[str, Any], actor: str, **detail: str) -> Organization:
    for _ in range(TRIES):
        found, now = get(runtime.store, Organization, org, org), runtime.clock.now()
        if found.status == after["status"]:
            return found
        if found.status != before:
            raise Conflict(f"the organization is {found.status}")
        try:
            runtime.store.commit(
                Change(found, found.changed(now, **after)),
                audited(now, org, actor, f"organization.{after['status']}", org, **detail),
                Emit(Event(CHANGED, org, org, {"status": after["status"]}), now),
            )
        except Conflict:
            continue
        return get(runtime.store, Organization, org, org)
    raise Conflict("the organization is being changed by others")
