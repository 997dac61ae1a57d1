"""Staff make somebody an advocate by hand: a partner who sends leads, a campaign of the house, or a customer."""

from dataclasses import dataclass
from typing import Literal

from moref.events import Event
from moref.intake.model import Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Emit, Write, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, Link
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
SOURCE = "staff"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`phone` and `email` as written; one of them is needed, except for the house, which is nobody."""

    kind: Literal["customer", "partner", "house"]
    location_id: str
    first_name: str
    last_name: str = ""
    phone: str | None = None
    email: str | None = None
    tier_group: str | None = None


def onboard_advocate(
    runtime: Runtime, organization_id: str, who: Newcomer, *, actor: str, contact: Contact | None = None,
    welcome: bool = True,
) -> tuple[Advocate, Link]:  # fmt: skip
    """The advocate with the location's link; somebody known already becomes what is said here. Repeating it changes
    nothing. A partner is told of by partner.onboarded, once, if they are to be welcomed. `contact`: who it is, when
    that is known. Raises BadInput, NotFound, Conflict after five lost races.
    """
    if who.kind != "house" and not (who.phone or who.email):
        raise BadInput("a phone number or an e-mail address is needed", field="email")
    contact = contact or _contact(runtime, organization_id, who)
    link = ensure_link(runtime, organization_id, contact.id, who.location_id)
    for _ in range(TRIES):
        before = get(runtime.store, Advocate, organization_id, link.advocate_id)
        writes = _writes(runtime, before, who, actor, welcome=welcome)
        try:
            if writes:
                runtime.store.commit(*writes)
        except Conflict:
            continue
        return get(runtime.store, Advocate, organization_id, before.id), link
    raise Conflict("the advocate is being changed by others")


def _contact(runtime: Runtime, organization_id: str, who: Newcomer) -> Contact:
    house = ids.derived("con", organization_id, "house", who.location_id, who.first_name.casefold())
    for _ in range(TRIES):
        contact, writes = resolve_contact(
            runtime, organization_id, location_id=who.location_id, first_name=who.first_name, last_name=who.last_name,
            phone=who.phone, email=who.email, source=SOURCE, otherwise=house if who.kind == "house" else None,
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


def _writes(runtime: Runtime, before: Advocate, who: Newcomer, actor: str, *, welcome: bool) -> list[Write]:
    fields = {"kind": who.kind, "status": "active"} | ({"tier_group": who.tier_group} if who.tier_group else {})
    if all(getattr(before, name) == value for name, value in fields.items()):
        return []
    now, org = runtime.clock.now(), before.organization_id
    writes: list[Write] = [
        Change(before, before.changed(now, **fields)),
        audited(now, org, actor, "advocate.onboarded", before.id, kind=who.kind),
    ]
    if welcome and who.kind == "partner" and before.kind != "partner":
        writes.append(Emit(Event("partner.onboarded", org, before.id), now))
    return writes
