"""Invites somebody to become a member, sends the e-mail once more, or takes the invitation back."""

from datetime import datetime, timedelta

from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Emit, Point, Require, Store, Write, get
from moref.runtime import Runtime
from moref.signin import limits
from moref.signin.challenges import put
from moref.signin.memberships import is_open, targets
from moref.signin.model import INVITATIONS, MEMBERSHIPS, Invitation, Language, Tally, person_id
from moref.signin.roles import fitting, may_make
from moref.tenants.audit import audited
from moref.tenants.model import Location, Member, Role

OPEN = timedelta(days=7)
TOO_OFTEN = "too many invitations for today"


def invite(
    runtime: Runtime,
    organization_id: str,
    *,
    email: str,
    name: str,
    role: Role,
    location_ids: list[str] | None,
    language: Language,
    by: tuple[str, Role],
) -> Invitation:
    """`email` as `people.email` writes it; `by`: member id and role of who invites.

    Raises Forbidden; BadInput; NotFound on a location; Conflict when they are a member or invited already; TooMany.
    """
    may_make(by[1], role)
    fitting(role, location_ids)
    store, now = runtime.store, runtime.clock.now()
    places = [get(store, Location, organization_id, id) for id in location_ids or ()]
    person = person_id(runtime.keys, email)
    if member_of(store, organization_id, person) is not None:
        raise Conflict("this address is a member's already", field="email")
    id = ids.derived("inv", organization_id, person)
    before = store.find(Invitation, organization_id, id)
    if before is not None and is_open(runtime, before):
        raise Conflict("this address is invited already: send that invitation once more, or withdraw it", field="email")
    fields = {
        "email": email, "name": name, "role": role, "location_ids": location_ids, "language": language,
        "status": "open", "expires_at": now + OPEN, "invited_by": by[0], "turn": before.turn + 1 if before else 1,
    }  # fmt: skip
    first = Invitation(organization_id=organization_id, id=id, created_at=now, updated_at=now, **fields)
    store.commit(
        Change(before, before.changed(now, **fields)) if before else Create(first),
        Point(GLOBAL, INVITATIONS, person, f"{organization_id}/{id}"),
        *map(Require, places),
        *_sent(runtime, organization_id, id, now),
        audited(now, organization_id, by[0], "invitation.made", id, role=role),
    )
    return get(store, Invitation, organization_id, id)


def resend(runtime: Runtime, organization_id: str, id: str, *, by: tuple[str, Role]) -> Invitation:
    """One more e-mail, and as many days again. Raises NotFound; Forbidden; Conflict; TooMany."""
    invitation, now = get(runtime.store, Invitation, organization_id, id), runtime.clock.now()
    may_make(by[1], invitation.role)
    if invitation.status != "open":
        raise Conflict(f"this invitation is {invitation.status}")
    again = invitation.changed(now, expires_at=now + OPEN, turn=invitation.turn + 1)
    runtime.store.commit(
        Change(invitation, again),
        *_sent(runtime, organization_id, id, now),
        audited(now, organization_id, by[0], "invitation.resent", id),
    )
    return get(runtime.store, Invitation, organization_id, id)


def withdraw(runtime: Runtime, organization_id: str, id: str, *, by: tuple[str, Role]) -> Invitation:
    """One that is withdrawn already stays so. Raises NotFound; Forbidden; Conflict when it was accepted."""
    invitation, now = get(runtime.store, Invitation, organization_id, id), runtime.clock.now()
    may_make(by[1], invitation.role)
    if invitation.status == "withdrawn":
        return invitation
    if invitation.status == "accepted":
        raise Conflict("it was accepted: remove the member instead")
    runtime.store.commit(
        Change(invitation, invitation.changed(now, status="withdrawn")),
        audited(now, organization_id, by[0], "invitation.withdrawn", id),
    )
    return get(runtime.store, Invitation, organization_id, id)


def member_of(store: Store, organization_id: str, person: str, *, active: bool = True) -> Member | None:
    """The person's row in the organization; with `active` False also one that was removed."""
    for owner, id in targets(store, MEMBERSHIPS, person):
        member = store.find(Member, owner, id) if owner == organization_id else None
        if member is not None and (member.status == "active" or not active):
            return member
    return None


def _sent(runtime: Runtime, organization_id: str, id: str, now: datetime) -> tuple[Write, ...]:
    """Tells the worker that mails, and counts it: an organization writes its own name into these e-mails."""
    found = runtime.store.find(Tally, organization_id, INVITATIONS)
    tally = found or Tally(organization_id=organization_id, id=INVITATIONS, created_at=now, updated_at=now)
    limits.check(tally.asked_at, now, limits.INVITATIONS, TOO_OFTEN)
    counted = tally.changed(now, asked_at=limits.noted(tally.asked_at, now, limits.INVITATIONS))
    return put(tally, counted), Emit(Event("invitation.sent", organization_id, id), now)
