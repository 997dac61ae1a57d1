"""Staff invite a partner: they get an address for the partner's page, and hand it over themselves.

Nobody is written to because somebody typed their address: the link goes by staff's own mail or phone.
"""

from dataclasses import dataclass
from typing import Any

from moref import people
from moref.campaigns.model import PageToken
from moref.kernel import ids
from moref.kernel.errors import BadInput
from moref.kernel.keys import GLOBAL
from moref.partners.model import Partner
from moref.partners.types import PartnerType
from moref.records import Create, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location


@dataclass(frozen=True, slots=True)
class Invitation:
    """`phone` and `email` as written; one of them is needed."""

    location_id: str
    partner_type: PartnerType
    first_name: str
    last_name: str = ""
    phone: str | None = None
    email: str | None = None
    tier_group: str | None = None


def invite(runtime: Runtime, organization_id: str, who: Invitation, *, actor: str) -> Partner:
    """The partner, invited now or before under that address; a repeat changes nothing. Raises BadInput, NotFound."""
    now, org = runtime.clock.now(), organization_id
    get(runtime.store, Location, org, who.location_id)
    email = people.email(who.email) if who.email else None
    phone = people.phone(who.phone) if who.phone else None
    if email is None and phone is None:
        raise BadInput("a phone number or an e-mail address is needed", field="email")
    id, token = ids.derived("ptn", org, who.location_id, email or phone or ""), ids.token()
    made: dict[str, Any] = {"created_at": now, "updated_at": now}
    partner = Partner(
        organization_id=org, id=id, **made, location_id=who.location_id, partner_type=who.partner_type,
        first_name=who.first_name, last_name=who.last_name, email=email, phone=phone, tier_group=who.tier_group,
        token=token, invited_by=actor,
    )  # fmt: skip
    page = PageToken(organization_id=GLOBAL, id=token, **made, owner_id=org, page="partner", subject_id=id)
    told = audited(now, org, actor, "partner.invited", id, type=who.partner_type)
    create_once(runtime.store, partner, Create(page), told)
    return get(runtime.store, Partner, org, id)
