"""The partner accepts on its page: it becomes an advocate with a link, its terms and its attestation are recorded."""

from dataclasses import dataclass

from moref.kernel.errors import BadInput, Conflict
from moref.partners.model import Partner
from moref.partners.types import type_of
from moref.programs.agree import record_acceptance
from moref.programs.in_force import program_for
from moref.programs.model import Program, ProgramText
from moref.records import Change, Write, every, get
from moref.referrals.model import Advocate
from moref.referrals.onboard_advocate import Newcomer, onboard_advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited

SOURCE = "partner page"
TRIES = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What the partner is asked to accept; `terms` None: there are none, `attestation` None: nothing is attested."""

    program: Program | None
    terms: ProgramText | None
    attestation: str | None


def asked(runtime: Runtime, partner: Partner) -> Asked:
    """By the program that is in force for partners of the location now."""
    store, org = runtime.store, partner.organization_id
    program = program_for(store, org, partner.location_id, "partner", runtime.clock.now())
    kind = type_of(partner.partner_type)
    attestation = kind.text if kind.always or (program is not None and _pays_a_share(program)) else None
    if program is None or program.terms_version == 0:
        return Asked(program, None, attestation)
    texts = every(store, ProgramText, org, parent=program.id)
    return Asked(program, next((one for one in texts if one.number == program.terms_version), None), attestation)


def _pays_a_share(program: Program) -> bool:
    ladders = [program.tiers, *program.tier_groups.values()]
    return any(tier.basis_points is not None for ladder in ladders for tier in ladder)


def accept(runtime: Runtime, partner: Partner, *, terms_number: int | None, attested: bool) -> Partner:
    """`terms_number` is the version that was shown. A repeat changes nothing.

    Raises BadInput when something asked for is missing, or the terms are newer than what was shown; Conflict when the
    partner is suspended, or after lost races.
    """
    if partner.status != "invited":
        if partner.status == "suspended":
            raise Conflict("the partner is suspended")
        return partner
    ask = asked(runtime, partner)
    if ask.terms is not None and terms_number != ask.terms.number:
        raise BadInput("Please read and accept the terms.", field="terms")
    if ask.attestation is not None and not attested:
        raise BadInput("Please confirm this.", field="attestation")
    return _onboarded(runtime, partner, ask)


def _onboarded(runtime: Runtime, partner: Partner, ask: Asked) -> Partner:
    """Each step is harmless when it is repeated; the partner's own row says last that all is done."""
    org, actor, now = partner.organization_id, f"partner:{partner.id}", runtime.clock.now()
    who = Newcomer(
        kind="partner", location_id=partner.location_id, first_name=partner.first_name, last_name=partner.last_name,
        phone=partner.phone, email=partner.email, tier_group=partner.tier_group,
    )  # fmt: skip
    advocate, _ = onboard_advocate(runtime, org, who, actor=actor)
    if ask.program is not None and ask.terms is not None:
        record_acceptance(
            runtime, org, ask.program, advocate_id=advocate.id, what="terms", number=ask.terms.number,
            accepted_at=now, source=SOURCE, actor=actor,
        )  # fmt: skip
    if ask.program is not None and ask.attestation is not None:
        record_acceptance(
            runtime, org, ask.program, advocate_id=advocate.id, what="attestation", number=None,
            accepted_at=now, source=SOURCE, actor=actor,
        )  # fmt: skip
    for _ in range(TRIES):
        before, whose = get(runtime.store, Partner, org, partner.id), get(runtime.store, Advocate, org, advocate.id)
        if before.status != "invited":
            return before
        attested_at = now if ask.attestation is not None else None
        after = before.changed(now, status="active", accepted_at=now, attested_at=attested_at, advocate_id=advocate.id)
        typed: Write = Change(whose, whose.changed(now, partner_type=partner.partner_type))
        try:
            runtime.store.commit(Change(before, after), typed, audited(now, org, actor, "partner.accepted", partner.id))
        except Conflict:
            continue
        return get(runtime.store, Partner, org, partner.id)
    raise Conflict("the partner is being changed by others")
