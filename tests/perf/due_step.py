"""Runs inside a measured process: `python -m tests.perf.due_step plant COUNT | fire`, AWS from the environment.

`plant` makes an organization with customers whose question is due, and COUNT enrollments due tomorrow; it tells the due
ones. `fire` reads such a list, fires each step and sends its message, and tells of the last what was asked of AWS.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from campaign_worker.handler import work as campaign_work
from moref.aws.compose import build
from moref.campaigns.fire_step import fire_step
from moref.campaigns.model import Enrollment
from moref.intake.model import Address, Contact, Fact, Job
from moref.kernel.clock import iso
from moref.kernel.env import MessageWorker
from moref.messaging.send_message import send_message
from moref.records import Create, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from tests.perf.crowd import Still, asking, crowd

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Chicago
ORG, PLACE, ZONE = "org_1", "loc_1", "America/Chicago"
DUE = 5
LATER = timedelta(minutes=61)  # the question is due an hour after planting


def plant(runtime: Runtime, count: int) -> list[tuple[str, str]]:
    common: Any = {"organization_id": ORG, "created_at": NOW, "updated_at": NOW}
    runtime.store.commit(
        Create(Organization(**common, id=ORG, name="Bluebird Moving")),
        Create(
            Location(
                **common, id=PLACE, name="Bluebird Moving Austin", legal_entity_id="le_1", time_zone=ZONE, state="TX",
                postal_address="1 Main St, Austin TX 78701", staff_email="staff@bluebird.test",
                review_url="https://reviews.example.test/bluebird",
            )
        ),
    )  # fmt: skip
    for place in range(DUE):
        at = NOW - timedelta(hours=1)
        person = Contact(
            **common, id=f"con_{place}", location_id=PLACE, first_name="Sam", last_name="Lee",
            email=f"sam{place}@example.test", person_keys=[],
        )  # fmt: skip
        job = Job(
            **common, id=f"job_{place}", connection_id="cn_1", external_id=f"J-{place}", location_id=PLACE,
            contact_id=person.id, received_at=NOW, state="completed", origin=Address(state="TX", time_zone=ZONE),
            facts={"completed": Fact(kind="completed", value=True, at=at)},
        )  # fmt: skip
        runtime.store.commit(Create(person), Create(job))
        campaign_work(runtime, {"name": "job.changed", "organization_id": ORG, "subject": job.id})
    due = runtime.store.list(Enrollment, ORG, status="active").items
    _others(runtime, due[0], count)
    return [(one.id, str(one.at)) for one in due]


def _others(runtime: Runtime, like: Enrollment, count: int) -> None:
    """Enrollments like this one, and due tomorrow."""
    tomorrow = iso(like.listed_at() + timedelta(days=1))
    crowd(runtime, like, count, {"updated": {"S": tomorrow}})


def fire(runtime: Runtime, due: list[tuple[str, str]]) -> dict[str, int]:
    asked = asking()
    for enrollment_id, step in due:
        asked.update(calls=0, bytes=0)
        fire_step(runtime, ORG, enrollment_id, step)
        runs = get(runtime.store, Enrollment, ORG, enrollment_id).steps.values()
        (message_id,) = [run.message_id for run in runs if run.message_id]
        send_message(runtime, ORG, message_id)
    return asked


if __name__ == "__main__":
    planting = sys.argv[1] == "plant"
    made = build(MessageWorker.from_env(), clock=Still(NOW if planting else NOW + LATER))
    told = plant(made, int(sys.argv[2])) if planting else fire(made, json.load(sys.stdin))
    sys.stdout.write("\n" + json.dumps(told) + "\n")
