"""What a partner accepted is made: an advocate with a link, its acceptances recorded, and then its own row says so."""

from moref.kernel.errors import Conflict
from moref.partners.model import Acceptance, Partner
from moref.programs.agree import record_acceptance
from moref.programs.model import Program
from moref.records import Change, get
from moref.referrals.model import Advocate
from moref.referrals.onboard_advocate import Newcomer, onboard_advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited

SOURCE = "partner page"
TRIES = 4


def onboard_partner(runtime: Runtime, organization_id: str, partner_id: str) -> None:
    """On partner.accepted. Each step is harmless when it is repeated. Raises NotFound, Conflict after lost races."""
    partner = get(runtime.store, Partner, organization_id, partner_id)
    if partner.status != "invited" or partner.acceptance is None:
        return
    who = Newcomer(
        kind="partner", location_id=partner.location_id, first_name=partner.first_name, last_name=partner.last_name,
        phone=partner.phone, email=partner.email, tier_group=partner.tier_group,
    )  # fmt: skip
    advocate, _ = onboard_advocate(runtime, organization_id, who, actor=_actor(partner))
    _record(runtime, partner, partner.acceptance, advocate.id)
    _done(runtime, partner, partner.acceptance, advocate.id)


def _actor(partner: Partner) -> str:
    return f"partner:{partner.id}"


def _record(runtime: Runtime, partner: Partner, said: Acceptance, advocate_id: str) -> None:
    if said.program_id is None:
        return
    org = partner.organization_id
    program = get(runtime.store, Program, org, said.program_id)
    if said.terms_number:
        record_acceptance(
            runtime, org, program, advocate_id=advocate_id, what="terms", number=said.terms_number,
            accepted_at=said.at, source=SOURCE, actor=_actor(partner),
        )  # fmt: skip
    if said.attested:
        record_acceptance(
            runtime, org, program, advocate_id=advocate_id, what="attestation", number=None,
            accepted_at=said.at, source=SOURCE, actor=_actor(partner),
        )  # fmt: skip


def _done(runtime: Runtime, partner: Partner, said: Acceptance, advocate_id: str) -> None:
    org, store, now = partner.organization_id, runtime.store, runtime.clock.now()
    for _ in range(TRIES):
        before, whose = get(store, Partner, org, partner.id), get(store, Advocate, org, advocate_id)
        if before.status != "invited":
            return
        after = before.changed(
            now, status="active", accepted_at=said.at, attested_at=said.at if said.attested else None,
            advocate_id=advocate_id,
        )  # fmt: skip
        typed = Change(whose, whose.changed(now, partner_type=partner.partner_type))
        try:
            store.commit(
                Change(before, after), typed, audited(now, org, _actor(partner), "partner.accepted", partner.id)
            )
        except Conflict:
            continue
        return
    raise Conflict("the partner is being changed by others")
