"""The invitation by e-mail, to the address that staff typed: a marketing message as any other, so an opt-out, a
suppression, hours and limits bind it. It holds the partner's page, which staff read in the partner and not in the mail.
"""

from moref.intake.model import Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.plan_message import message_id, planned
from moref.partners.model import Partner
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TEMPLATE = "partner_invitation"
SOURCE = "staff"
MOST = 5
TRIES = 5


def mail_again(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Partner:
    """Raises NotFound; BadInput without an address, or of an erased person; Conflict when it was accepted, withdrawn,
    suspended, mailed five times, or changes in this moment."""
    return mail(runtime, get(runtime.store, Partner, organization_id, id), actor=actor)


def mail(runtime: Runtime, partner: Partner, *, actor: str) -> Partner:
    """Plans it, and makes the contact that it goes to. Whether it leaves is decided when it is to. Raises likewise."""
    if partner.email is None:
        raise BadInput("there is no e-mail address: hand the page over yourselves", field="email")
    if partner.status != "invited":
        raise Conflict(f"the partner is {partner.status}")
    if partner.acceptance is not None:
        raise Conflict("the partner has accepted")
    if partner.mailed >= MOST:
        raise Conflict(f"it was mailed {MOST} times: hand the page over yourselves")
    org, contact = partner.organization_id, _contact(runtime, partner)
    cause = f"{partner.id}.invitation.{partner.token}.{partner.mailed + 1}"
    now = runtime.clock.now()
    after = partner.changed(
        now, contact_id=contact.id, mailed=partner.mailed + 1, mailed_at=now, message_id=message_id(org, cause)
    )  # fmt: skip
    message = planned(
        runtime, org, cause=cause, template=TEMPLATE, kind="marketing", location_id=partner.location_id,
        contact=contact, channel="email", fields={"page_link": page_url(runtime, partner)},
    )  # fmt: skip
    told = audited(now, org, actor, "partner.invitation_mailed", partner.id)
    runtime.store.commit(Change(partner, after), *message, told)
    return get(runtime.store, Partner, org, partner.id)


def page_url(runtime: Runtime, partner: Partner) -> str:
    return f"{runtime.settings.base_url}/p/{partner.token}"


def _contact(runtime: Runtime, partner: Partner) -> Contact:
    """By the e-mail address alone: whoever merely shares the phone is not written to."""
    for _ in range(TRIES):
        contact, writes = resolve_contact(
            runtime, partner.organization_id, location_id=partner.location_id, first_name=partner.first_name,
            last_name=partner.last_name, phone=None, email=partner.email, language=partner.language, source=SOURCE,
        )  # fmt: skip
        if contact.erased_at is not None:
            raise BadInput("this person had their data erased: nothing is stored of them again", field="email")
        try:
            if writes:
                runtime.store.commit(*writes)
        except Conflict:
            continue
        return contact
    raise Conflict("the contact is being changed by others")
