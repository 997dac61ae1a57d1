"""Staff invite a partner: it is mailed to the address they name (mail_invitation.py), or they hand the address of the
partner's page over themselves. One that nobody accepted yet can be withdrawn; then its page is closed.
"""

from dataclasses import dataclass
from typing import Any, Literal

from moref import people
from moref.campaigns.model import PageToken
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.partners.mail_invitation import mail
from moref.partners.model import Partner
from moref.partners.types import PartnerType
from moref.records import Change, Create, create_once, get
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
    language: Literal["en", "es"] = "en"
    by_mail: bool = True  # where an e-mail address is given


def partner_id(organization_id: str, location_id: str, address: str) -> str:
    return ids.derived("ptn", organization_id, location_id, address)


def invite(runtime: Runtime, organization_id: str, who: Invitation, *, actor: str) -> Partner:
    """The partner, invited now or before under that address; a repeat changes nothing. One that was withdrawn is
    invited anew. Raises BadInput, NotFound; Conflict when it is changed in this moment."""
    now, org = runtime.clock.now(), organization_id
    get(runtime.store, Location, org, who.location_id)
    email = people.email(who.email) if who.email else None
    phone = people.phone(who.phone) if who.phone else None
    if email is None and phone is None:
        raise BadInput("a phone number or an e-mail address is needed", field="email")
    id, token = partner_id(org, who.location_id, email or phone or ""), ids.token()
    made: dict[str, Any] = {"created_at": now, "updated_at": now}
    partner = Partner(
        organization_id=org, id=id, **made, location_id=who.location_id, partner_type=who.partner_type,
        first_name=who.first_name, last_name=who.last_name, email=email, phone=phone, tier_group=who.tier_group,
        token=token, invited_by=actor, language=who.language,
    )  # fmt: skip
    page = PageToken(organization_id=GLOBAL, id=token, **made, owner_id=org, page="partner", subject_id=id)
    told = audited(now, org, actor, "partner.invited", id, type=who.partner_type)
    create_once(runtime.store, partner, Create(page), told)
    found = get(runtime.store, Partner, org, id)
    if found.status == "withdrawn":
        again = partner.model_copy(update={"version": found.version, "created_at": found.created_at})
        runtime.store.commit(Change(found, again), Create(page), told)
        found = get(runtime.store, Partner, org, id)
    asked = who.by_mail and email is not None and found.mailed == 0
    return mail(runtime, found, actor=actor) if asked and _waits(found) else found


def withdraw(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Partner:
    """A repeat changes nothing. Raises NotFound; Conflict when it was accepted (suspend it then), or is changed in this
    moment."""
    before, now = get(runtime.store, Partner, organization_id, id), runtime.clock.now()
    if before.status == "withdrawn":
        return before
    if not _waits(before):
        raise Conflict("only an invitation that nobody has accepted is withdrawn; a partner is suspended")
    after = before.changed(now, status="withdrawn")
    runtime.store.commit(Change(before, after), audited(now, organization_id, actor, "partner.withdrawn", id))
    return get(runtime.store, Partner, organization_id, id)


def _waits(partner: Partner) -> bool:
    return partner.status == "invited" and partner.acceptance is None
