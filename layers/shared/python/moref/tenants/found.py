"""Whoever signed in founds an organization of their own, with what its first completed job needs, in one call."""

from datetime import timedelta

from pydantic import Field

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.runtime import Runtime
from moref.signin.model import MEMBERSHIPS
from moref.tenants.forms import Address, Ein, Email, Form, Identifier, Line, Name, Phone, UsState, Zone
from moref.tenants.model import Member, Organization
from moref.tenants.onboard import DEFAULT_TIERS, Branch, NewOrganization, Onboarded, onboard
from moref.tenants.program_forms import Tiers

MOST = 20  # organizations that one person belongs to and may still found another
SHOWN_AGAIN = timedelta(hours=1)  # a repeat of a call whose answer was lost gets the same answer for so long


class FirstLocation(Form):
    name: Name | None = Field(default=None, description="as customers know it; else the organization's")
    time_zone: Zone
    postal_address: Line = Field(description="one line, shown in every e-mail")
    review_url: Address = Field(description="your public review link: every customer is shown the same one")
    staff_email: Email | None = Field(default=None, description="who is told of low scores; else the founder")
    state: UsState | None = None
    phone: Phone | None = None
    site_url: Address | None = Field(default=None, description="where links lead; else to our quote form")


class Founding(Form):
    """What is left out has a default that can be changed at any time."""

    request_id: Identifier = Field(description="your own: the same one again within the hour gets the same answer")
    name: Name
    owner_name: Name
    legal_name: Name | None = Field(default=None, description="of the payer of rewards; else the organization's name")
    ein: Ein | None = Field(default=None, description="of the payer; needed before the year's 1099 forms")
    location: FirstLocation
    lead_url: Address | None = Field(default=None, description="where leads are posted, signed")
    tiers: Tiers = Field(default=DEFAULT_TIERS, description="what a referral earns, in minor units")


def found(runtime: Runtime, form: Founding, *, person_id: str, email: str) -> Onboarded:
    """The person is its owner. Raises BadInput; Conflict on a request_id whose hour is over, and beyond twenty."""
    request_id = ids.derived("fnd", person_id, form.request_id)
    org = ids.derived("org", request_id)
    before = runtime.store.find(Organization, org, org)
    if before is not None:
        _refuse_late(runtime, before)
    elif len(runtime.store.lookup(GLOBAL, MEMBERSHIPS, person_id)) >= MOST:
        raise Conflict(f"you belong to {MOST} organizations: nobody founds more by themselves")
    location = form.location.model_dump()
    location |= {"name": location["name"] or form.name, "staff_email": location["staff_email"] or email}
    return onboard(
        runtime,
        NewOrganization(
            request_id=request_id, name=form.name, legal_name=form.legal_name or form.name, ein=form.ein,
            owner_name=form.owner_name, owner_email=email, location=Branch(**location), lead_url=form.lead_url,
            tiers=form.tiers,
        ),
    )  # fmt: skip


def _refuse_late(runtime: Runtime, organization: Organization) -> None:
    """The answer holds a secret: somebody who was an owner once does not get it again."""
    org = organization.id
    owner = get(runtime.store, Member, org, ids.derived("mem", org))
    late = runtime.clock.now() - organization.created_at >= SHOWN_AGAIN
    if late or owner.status != "active" or owner.role != "owner":
        raise Conflict("this request_id has founded an organization already", field="request_id")
