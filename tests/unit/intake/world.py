"""An organization with two branches and a generic connection, and notices as its CRM would post them."""

import base64
import json
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from moref.intake.apply_notice import job_id, receive
from moref.intake.model import Contact, InboxEvent, Job
from moref.kernel import ids
from moref.records import Create, get
from moref.runtime import Runtime
from moref.tenants.model import Connection, Location
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, fake_runtime

ORG = "org_A"
SAMPLES = Path(__file__).resolve().parents[3] / "events" / "crm" / "generic"


def location(id: str, **over: Any) -> Location:
    values: dict[str, Any] = {
        "organization_id": ORG, "id": id, "created_at": START, "updated_at": START, "name": f"Bluebird {id}",
        "legal_entity_id": "le_1", "time_zone": "America/Chicago", "postal_address": "1 Main St",
        "staff_email": "staff@example.com", "review_url": "https://example.com/review",
    }  # fmt: skip
    return Location(**values | over)


def world() -> Runtime:
    runtime = fake_runtime()
    connection = Connection(
        organization_id=ORG, id="con_1", created_at=START, updated_at=START, crm="generic", name="CRM",
        default_location_id="loc_main", supplies=["completed"], hook_token="t", secret_ciphertext="x",
    )  # fmt: skip
    runtime.store.commit(
        Create(connection), Create(location("loc_main")), Create(location("loc_austin", crm_branch=" AUSTIN "))
    )
    return runtime


def memory(runtime: Runtime) -> MemoryStore:
    assert isinstance(runtime.store, MemoryStore)
    return runtime.store


def stored(body: bytes, *, id: str | None = None, **over: Any) -> InboxEvent:
    values: dict[str, Any] = {
        "organization_id": ORG, "id": id or ids.derived("inb", body.hex()), "created_at": START, "updated_at": START,
        "source": "crm:generic", "connection_id": "con_1", "event_id": "msg_1",
        "body": base64.b64encode(zlib.compress(body)).decode(),
    }  # fmt: skip
    return InboxEvent(**values | over)


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"job_updated__{name}.json").read_text())
    return found


def notice(
    *facts: tuple[str, Any, float],
    minute: float = 0,
    job: dict[str, Any] | None = None,
    customer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Facts as (kind, value, minute); minutes count from an hour before the tests' present."""
    return {
        "type": "job.updated",
        "timestamp": at(minute),
        "data": {
            "job": {"id": "J-1", **(job or {})},
            "customer": {"id": "C-1"} if customer is None else customer,
            "facts": [{"kind": kind, "value": value, "at": at(when)} for kind, value, when in facts],
        },
    }


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute - 60)).isoformat()


def tell(runtime: Runtime, payload: dict[str, Any]) -> str | None:
    body = json.dumps(payload).encode()
    return receive(runtime, stored(body), body)


def job_of(runtime: Runtime, external_id: str = "J-1") -> Job:
    return get(runtime.store, Job, ORG, job_id(ORG, "con_1", external_id))


def contact_of(runtime: Runtime, external_id: str = "J-1") -> Contact:
    return get(runtime.store, Contact, ORG, job_of(runtime, external_id).contact_id)


def count(runtime: Runtime, noun: str) -> int:
    return sum(row["noun"] == noun for row in memory(runtime).rows.values())
