"""Changes a member's role or locations, or removes them. There is always an owner left.

The commit requires the rows it was decided on: of who acts, and of another owner when one goes. So two owners who
remove each other at once, or an admin who is demoted this moment, do not get both through.
"""

from collections.abc import Mapping
from typing import Any

from moref.kernel.errors import Conflict
from moref.records import Change, Require, Store, Write, every, get
from moref.runtime import Runtime
from moref.signin.roles import RANK, fitting, may_make, may_touch
from moref.tenants.audit import audited
from moref.tenants.model import Location, Member, Role


def change_member(
    runtime: Runtime, organization_id: str, id: str, given: Mapping[str, Any], *, version: int, by: tuple[str, Role]
) -> Member:
    """`given`: any of name, role, location_ids. Raises NotFound; Forbidden; BadInput; Conflict."""
    store, now = runtime.store, runtime.clock.now()
    before = get(store, Member, organization_id, id)
    if before.version != version:
        raise Conflict("the member was changed since you read them", field="version")
    if before.status != "active":
        raise Conflict("this member was removed: invite them again")
    after = before.changed(now, **given)
    may_touch(by[1], before.role)
    may_make(by[1], after.role)
    fitting(after.role, after.location_ids)
    places = [get(store, Location, organization_id, each) for each in given.get("location_ids") or ()]
    going = before.role == "owner" and after.role != "owner"
    detail = {"role": after.role} if after.role != before.role else {}
    store.commit(
        Change(before, after),
        *map(Require, places),
        *_still(store, organization_id, before, by),
        *(_another_owner(store, before) if going else ()),
        audited(now, organization_id, by[0], "member.changed", id, fields=",".join(sorted(given)), **detail),
    )
    return get(store, Member, organization_id, id)


def remove_member(runtime: Runtime, organization_id: str, id: str, *, by: tuple[str, Role]) -> Member:
    """Their tokens end at once; removed already: as they are.

    Raises NotFound; Forbidden; Conflict for the last owner.
    """
    store, now = runtime.store, runtime.clock.now()
    before = get(store, Member, organization_id, id)
    may_touch(by[1], before.role)
    if before.status == "removed":
        return before
    store.commit(
        Change(before, before.changed(now, status="removed", tokens_since=now)),
        *_still(store, organization_id, before, by),
        *(_another_owner(store, before) if before.role == "owner" else ()),
        audited(now, organization_id, by[0], "member.removed", id, role=before.role),
    )
    return get(store, Member, organization_id, id)


def _still(store: Store, organization_id: str, target: Member, by: tuple[str, Role]) -> tuple[Write, ...]:
    """Who acts is what they were when they were let in."""
    if target.id == by[0]:
        return ()  # the change itself is conditional on that row
    actor = get(store, Member, organization_id, by[0])
    if actor.status != "active" or RANK[actor.role] < RANK[by[1]]:
        raise Conflict("your own role was changed this moment")
    return (Require(actor),)


def _another_owner(store: Store, going: Member) -> tuple[Write, ...]:
    """Raises Conflict. The list may be late, so each is read again."""
    for listed in every(store, Member, going.organization_id, status="active"):
        if listed.id == going.id:
            continue
        found = store.find(Member, going.organization_id, listed.id)
        if found is not None and (found.status, found.role, found.location_ids) == ("active", "owner", None):
            return (Require(found),)
    raise Conflict("the last owner stays: make somebody else an owner first")
