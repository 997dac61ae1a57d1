"""A job as campaigns see it: which of its facts start one, and what it corrects in those that run."""

from typing import Any

from moref.campaigns.model import JOURNEY, Enrollment
from moref.campaigns.places import Place, candidates
from moref.intake.model import Address, Contact, Fact, FactKind, Job
from moref.kernel.errors import Conflict
from moref.records import Change, Point, get
from moref.runtime import Runtime
from moref.tenants.model import Location

TRIES = 4


def happened(job: Job, kind: FactKind) -> Fact | None:
    """The fact, unless it was undone or the job cancelled."""
    return job.facts[kind] if job.holds(kind) and job.state != "cancelled" else None


def undone(job: Job, enrollment: Enrollment) -> bool:
    """Whether what the enrollment is about no longer is."""
    kinds: tuple[FactKind, ...] = ("invoiced",) if enrollment.trigger == "job_invoiced" else ("completed", "invoiced")
    return all(happened(job, kind) is None for kind in kinds)


def correct(runtime: Runtime, enrollment_id: str, job: Job) -> None:
    """Addresses that come later count for the window; branch and customer do until somebody was asked.

    Raises Conflict after four lost races.
    """
    for _ in range(TRIES):
        found = runtime.store.find(Enrollment, job.organization_id, enrollment_id)
        if found is None or found.status not in ("active", "held"):
            return
        whose = found if found.asked() or found.trigger == "feedback_given" else job
        places = places_of(runtime, job.organization_id, whose.location_id, whose.contact_id, job)
        new: dict[str, Any] = {"location_id": whose.location_id, "contact_id": whose.contact_id, "places": places}
        if all(getattr(found, name) == value for name, value in new.items()):
            return
        try:
            runtime.store.commit(
                Change(found, found.changed(runtime.clock.now(), **new)),
                Point(job.organization_id, JOURNEY, whose.contact_id, found.id),
            )
        except Conflict:
            continue
        return
    raise Conflict("the enrollment is being changed by others")


def places_of(
    runtime: Runtime, organization_id: str, location_id: str, contact_id: str, job: Job | None
) -> list[Place]:
    """Raises NotFound when the branch is gone; a customer who is adds no place."""
    location = get(runtime.store, Location, organization_id, location_id)
    contact = runtime.store.find(Contact, organization_id, contact_id)
    ends: tuple[Address | None, Address | None] = (job.origin, job.destination) if job else (None, None)
    return candidates(*ends, location, contact.phone if contact else None)
