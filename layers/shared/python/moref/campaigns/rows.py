"""The row behind a campaign or a location's form of it, read to be changed; and the commit that every change shares."""

import re
from dataclasses import dataclass

from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.effective import form_id
from moref.campaigns.model import Campaign
from moref.events import Event
from moref.kernel.errors import Conflict, NotFound
from moref.records import Change, Create, Emit, Require, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Member

RESUMED, ENDED = "campaign.resumed", "campaign.ended"
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does what. `event`: RESUMED where held steps may go on by it, ENDED where whoever is on it is taken off."""

    member_id: str
    action: str
    event: str | None = None


def parts(id: str) -> tuple[str, str | None]:
    """Campaign and location of an id. Raises NotFound on what is no campaign's id."""
    campaign_id, dot, location_id = id.partition(".")
    if not _ID.fullmatch(campaign_id) or (dot and not location_id):
        raise NotFound(f"no campaign {id[:64]}")
    return campaign_id, location_id or None


def read(runtime: Runtime, organization_id: str, id: str) -> tuple[Campaign | None, Campaign]:
    """(the row as stored, the row to change): the second is new where nobody has changed anything yet.

    Raises NotFound; Conflict for a location's form while the organization locks the campaign.
    """
    campaign_id, location_id = parts(id)
    own = runtime.store.find(Campaign, organization_id, campaign_id)
    if own is None and campaign_id not in CATALOGUE:
        raise NotFound(f"no campaign {campaign_id}")
    if location_id is None:
        return own, own or _new(runtime, organization_id, campaign_id, None)
    get(runtime.store, Location, organization_id, location_id)
    if own is not None and own.locked:
        raise Conflict(f"{_who(runtime, own)} has locked this campaign for all locations")
    form = runtime.store.find(Campaign, organization_id, form_id(campaign_id, location_id))
    return form, form or _new(runtime, organization_id, campaign_id, location_id)


def commit(
    runtime: Runtime, before: Campaign | None, after: Campaign, by: Acting, *more: Write, **detail: str
) -> Campaign:
    """With the audit row, and the event of what it means for those who are in the campaign. Raises Conflict."""
    org, now = after.organization_id, after.updated_at
    told = [Emit(Event(by.event, org, after.base), now)] if by.event else []
    change: Write = Create(after) if before is None else Change(before, after)
    audit = audited(now, org, by.member_id, f"campaign.{by.action}", after.id, **detail)
    runtime.store.commit(change, *more, *_not_locked_meanwhile(runtime, after), *told, audit)
    return get(runtime.store, Campaign, org, after.id)


def _not_locked_meanwhile(runtime: Runtime, after: Campaign) -> list[Write]:
    own = runtime.store.find(Campaign, after.organization_id, after.base) if after.location_id else None
    if own is not None and own.locked:
        raise Conflict(f"{_who(runtime, own)} has locked this campaign for all locations")
    return [Require(own)] if own is not None else []


def _who(runtime: Runtime, own: Campaign) -> str:
    member = runtime.store.find(Member, own.organization_id, own.locked_by) if own.locked_by else None
    return f"{member.name} ({member.role} of the organization)" if member else "the organization"


def _new(runtime: Runtime, organization_id: str, campaign_id: str, location_id: str | None) -> Campaign:
    now = runtime.clock.now()
    id = form_id(campaign_id, location_id) if location_id else campaign_id
    return Campaign(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, base=campaign_id,
        location_id=location_id,
    )  # fmt: skip
