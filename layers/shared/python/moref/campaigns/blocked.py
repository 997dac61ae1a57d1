"""Who must not be advertised to, because of one of their jobs (rules.md "last look": stop conditions)."""

from moref.intake.model import FactKind, Job
from moref.records import Store, every

# These are about the person; the others end only what the job itself began.
OF_THE_PERSON: tuple[FactKind, ...] = ("damage_claim", "unpaid_balance", "do_not_solicit")
STOP_CONDITION = "stop_condition"


def of_person(job: Job) -> FactKind | None:
    return next((kind for kind in OF_THE_PERSON if job.holds(kind)), None)


def blocked(store: Store, organization_id: str, contact_id: str, job: Job | None) -> FactKind | None:
    """Why nothing may begin for this person, looking at this job and at all others of theirs."""
    own = job.stop_condition() if job is not None else None
    if own is not None:
        return own
    others = every(store, Job, organization_id, parent=contact_id)
    return next((kind for kind in map(of_person, others) if kind is not None), None)
