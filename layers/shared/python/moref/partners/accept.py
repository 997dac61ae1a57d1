"""The partner accepts on its page; a moment later it is an advocate with a link, its terms and attestation recorded.

The page only keeps what was accepted: who did what stands in the audit, which no page may write.
"""

from dataclasses import dataclass

from moref.events import Event
from moref.kernel.errors import BadInput, Conflict
from moref.partners.model import Acceptance, Partner
from moref.partners.types import type_of
from moref.programs.in_force import program_for
from moref.programs.model import Program, ProgramText
from moref.records import Change, Emit, every
from moref.runtime import Runtime


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


def accept(runtime: Runtime, partner: Partner, *, terms_number: int | None, attested: bool) -> None:
    """`terms_number` is the version that was shown. A repeat changes nothing.

    Raises BadInput when something asked for is missing, or the terms are newer than what was shown; Conflict when the
    partner is suspended or withdrawn, or changed in this moment.
    """
    if partner.status in ("suspended", "withdrawn"):
        raise Conflict(f"the partner is {partner.status}")
    if partner.acceptance is not None:
        return
    ask = asked(runtime, partner)
    if ask.terms is not None and terms_number != ask.terms.number:
        raise BadInput("Please read and accept the terms.", field="terms")
    if ask.attestation is not None and not attested:
        raise BadInput("Please confirm this.", field="attestation")
    now = runtime.clock.now()
    said = Acceptance(
        at=now, program_id=ask.program.id if ask.program else None,
        terms_number=ask.terms.number if ask.terms else 0, attested=ask.attestation is not None,
    )  # fmt: skip
    runtime.store.commit(Change(partner, partner.changed(now, acceptance=said)), accepted(partner, runtime))


def accepted(partner: Partner, runtime: Runtime) -> Emit:
    return Emit(Event("partner.accepted", partner.organization_id, partner.id), runtime.clock.now())
