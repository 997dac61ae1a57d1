"""Records what was agreed: terms accepted, an attestation, other rules for one advocate, a tariff item. All audited."""

from datetime import datetime, timedelta
from typing import Any, Literal

from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import BadInput
from moref.programs.accepted import acceptance_id
from moref.programs.in_force import exception_id
from moref.programs.model import Program, ProgramException, TariffItem, TermsAcceptance
from moref.records import Change, Create, Emit, Write, create_once, get
from moref.referrals.model import Advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited

SKEW = timedelta(minutes=5)


def record_acceptance(
    runtime: Runtime,
    organization_id: str,
    program: Program,
    *,
    advocate_id: str,
    what: Literal["terms", "attestation"],
    number: int | None,
    accepted_at: datetime,
    source: str,
    actor: str,
) -> TermsAcceptance:
    """The acceptance; the first one of a version counts, a repeat changes nothing.

    Raises NotFound for the advocate; BadInput on a version that is not there, or a time that is still to come.
    """
    now, store = runtime.clock.now(), runtime.store
    advocate = get(store, Advocate, organization_id, advocate_id)
    if what == "terms" and not (number and 1 <= number <= program.terms_version):
        raise BadInput(f"the program's terms have versions 1 to {program.terms_version}", field="number")
    if accepted_at > now + SKEW:
        raise BadInput("accepted_at is still to come", field="accepted_at")
    counted = number or 0 if what == "terms" else 0
    id = acceptance_id(organization_id, program.id, advocate.id, what, counted)
    row = TermsAcceptance(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, advocate_id=advocate.id,
        program_id=program.id, location_id=advocate.location_id, what=what, number=counted, accepted_at=accepted_at,
        source=source, recorded_by=actor,
    )  # fmt: skip
    told = Emit(Event("acceptance.recorded", organization_id, id, {"advocate_id": advocate.id, "what": what}), now)
    create_once(store, row, told, audited(now, organization_id, actor, f"{what}.recorded", id, advocate=advocate.id))
    return get(store, TermsAcceptance, organization_id, id)


def save_exception(
    runtime: Runtime, organization_id: str, program: Program, advocate_id: str, fields: dict[str, Any], *, actor: str
) -> ProgramException:
    """Makes or replaces what was agreed with one advocate; conversions from now on are judged by it.

    Raises NotFound for the advocate, Conflict when it is changed in this moment.
    """
    now, store = runtime.clock.now(), runtime.store
    advocate = get(store, Advocate, organization_id, advocate_id)
    id = exception_id(organization_id, program.id, advocate.id)
    before = store.find(ProgramException, organization_id, id)
    after = ProgramException(
        organization_id=organization_id, id=id, version=before.version if before else 0,
        created_at=before.created_at if before else now, updated_at=now, program_id=program.id,
        advocate_id=advocate.id, location_id=advocate.location_id, **fields,
    )  # fmt: skip
    write: Write = Change(before, after) if before else Create(after)
    store.commit(write, audited(now, organization_id, actor, "exception.saved", id, advocate=advocate.id))
    return get(store, ProgramException, organization_id, id)


def record_tariff(runtime: Runtime, organization_id: str, *, item: str, valid_from: datetime, actor: str) -> TariffItem:
    """From then on value to interstate shippers is allowed; the same item again changes nothing."""
    now, id = runtime.clock.now(), ids.derived("trf", organization_id, item)
    row = TariffItem(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, item=item, valid_from=valid_from,
        recorded_by=actor,
    )  # fmt: skip
    told = Emit(Event("tariff.recorded", organization_id, id), now)
    create_once(runtime.store, row, told, audited(now, organization_id, actor, "tariff.recorded", id))
    return get(runtime.store, TariffItem, organization_id, id)


def end_tariff(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> TariffItem:
    """What was approved stays; nothing more is approved under it. Raises NotFound, Conflict."""
    now = runtime.clock.now()
    before = get(runtime.store, TariffItem, organization_id, id)
    if before.status != "ended":
        ended = Change(before, before.changed(now, status="ended"))
        runtime.store.commit(ended, audited(now, organization_id, actor, "tariff.ended", id))
    return get(runtime.store, TariffItem, organization_id, id)
