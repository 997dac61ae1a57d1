"""Who proved the invited address becomes a member."""

from moref.kernel import ids
from moref.kernel.errors import Conflict, NotFound
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.signin.invite import member_of
from moref.signin.memberships import is_open, targets
from moref.signin.model import INVITATIONS, Invitation, membership, person_id
from moref.tenants.audit import audited
from moref.tenants.model import Member


def accept(runtime: Runtime, invitation_id: str, *, email: str) -> Member:
    """`email` is proved. Accepted before: the member as they are. Raises NotFound, also for another address's
    invitation; Conflict on one that is withdrawn or too old."""
    person = person_id(runtime.keys, email)
    owner = next((org for org, id in targets(runtime.store, INVITATIONS, person) if id == invitation_id), None)
    invitation = runtime.store.find(Invitation, owner, invitation_id) if owner else None
    if owner is None or invitation is None or invitation.email != email:
        raise NotFound
    known = member_of(runtime.store, owner, person, active=False)
    if invitation.status == "accepted" and known is not None and known.status == "active":
        return known
    if not is_open(runtime, invitation):
        raise Conflict("this invitation is no longer open: ask for another")
    now = runtime.clock.now()
    member = _member(runtime, invitation, known, person)
    made: tuple[Write, ...] = (Create(member), membership(runtime.keys, member))
    runtime.store.commit(
        Change(invitation, invitation.changed(now, status="accepted")),
        *((Change(known, member),) if known else made),
        audited(now, owner, member.id, "member.joined", member.id, invitation=invitation.id, role=member.role),
    )
    return get(runtime.store, Member, owner, member.id)


def _member(runtime: Runtime, invitation: Invitation, known: Member | None, person: str) -> Member:
    """Who comes back is the same member, with the invitation's role; their old tokens stay dead."""
    now, owner = runtime.clock.now(), invitation.organization_id
    fields = {"role": invitation.role, "location_ids": invitation.location_ids}
    if known is not None:
        return known.changed(now, status="active", tokens_since=now, **fields)
    made = {"organization_id": owner, "created_at": now, "updated_at": now}
    id = ids.derived("mem", owner, person)
    return Member(**made, id=id, email=invitation.email, name=invitation.name, **fields)
