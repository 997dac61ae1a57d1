"""A conversion whose job really is invoiced, waiting for staff."""

from datetime import timedelta

from moref.conversions.model import Conversion
from moref.intake.model import Contact, Fact, Job
from moref.programs.model import Program
from moref.records import Create, get
from moref.referrals.model import Advocate, Evidence, Referral
from tests.unit.api.world import World


def approvable(world: World) -> str:
    of, now = world.a, world.clock.now()
    place = {
        "organization_id": of.organization_id, "created_at": now, "updated_at": now, "location_id": of.location_id,
    }  # fmt: skip
    facts = {kind: Fact(kind=kind, value=True, at=now - timedelta(hours=1)) for kind in ("completed", "invoiced")}
    program = get(world.store, Program, of.organization_id, of.program_id)
    world.store.commit(
        Create(Contact(**place, id="ctc_adv", first_name="Ann", email="ann@example.com")),
        Create(Contact(**place, id="ctc_friend", first_name="Fred")),
        Create(Advocate(**place, id="adv_1", contact_id="ctc_adv")),
        Create(
            Job(
                **place, id="job_1", connection_id=of.connection_id, external_id="J-1", contact_id="ctc_friend",
                facts=facts, state="invoiced", received_at=now,
            )
        ),
        Create(
            Referral(
                **place, id="ref_1", advocate_id="adv_1", contact_id="ctc_friend", code="CODE", job_id="job_1",
                status="qualified", evidence=[Evidence(kind="quote_form", at=now, source_id="lead_1")],
            )
        ),
        Create(
            Conversion(
                **place, id="cnv_1", referral_id="ref_1", advocate_id="adv_1", job_id="job_1", program_id=program.id,
                program_version=1, terms=program.terms(), qualified_at=now,
            )
        ),
    )  # fmt: skip
    return "cnv_1"
