"""Webhooks under load, and while storage fails: what was answered 202 has its effect, and has it once."""

import base64
import hashlib
import hmac
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.local.cloud import Cloud
from moref.kernel import ids
from moref.kernel.keys import row_key
from moref.kernel.names import CORE, TRAFFIC, resource
from tests.perf.traffic import SENDERS, Reply, close_connections, drain, rows, send, settle


class Crm:
    """Posts events as the seeded organization's generic CRM; each is a job of its own, named by the event's id."""

    def __init__(self, cloud: Cloud) -> None:
        self._outputs = cloud.outputs
        self._hook = cloud.outputs["hooks"]["generic"]
        self._key = base64.b64decode(self._hook["secret"].removeprefix("whsec_"))
        self._ahead = cloud.clock.now() - datetime.now(UTC)

    def post(self, id: str, due: float | None = None) -> Reply:
        now = datetime.now(UTC) + self._ahead
        job = {"id": f"J-{id}", "origin": {"state": "TX"}, "destination": {"state": "TX"}}
        customer = {"id": f"C-{id}", "first_name": "Load", "last_name": "Test", "email": f"{id}@example.com"}
        facts = [{"kind": "booked", "value": True, "at": (now - timedelta(minutes=1)).isoformat()}]
        data = {"job": job, "customer": customer, "facts": facts}
        body = json.dumps({"type": "job.updated", "timestamp": now.isoformat(), "data": data}).encode()
        stamp = str(int(now.timestamp()))
        mac = hmac.new(self._key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }
        return send("POST", self._hook["url"], body, headers, due)

    def inbox_key(self, id: str) -> tuple[str, str]:
        connection = self._outputs["connection_id"]
        return row_key(self._outputs["organization_id"], "inbox", ids.derived("inb", "crm:generic", connection, id))

    def job_key(self, id: str) -> tuple[str, str]:
        organization, connection = self._outputs["organization_id"], self._outputs["connection_id"]
        return row_key(organization, "job", ids.derived("job", organization, connection, f"J-{id}"))


@dataclass(frozen=True)
class Intake:
    accepted: int  # events that were answered 202
    handled: int  # inbox rows at their end
    jobs: int
    touched_twice: int  # jobs that an event changed more than once
    p50_ms: float
    p99_ms: float
    seconds: float


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[math.ceil(part * len(values)) - 1]


def intake_flow(cloud: Cloud, rate: int, seconds: int) -> Intake:
    """`rate` events a second, whether or not the answers keep up; every tenth is sent a second time, as CRMs do."""
    crm = Crm(cloud)
    tag = f"{time.time_ns():x}"
    names = [f"load-{tag}-{number}" for number in range(rate * seconds)]
    begun = time.monotonic() + 0.2

    def at(place: int) -> Reply:
        due = begun + place / rate
        time.sleep(max(0.0, due - time.monotonic()))
        answer = crm.post(names[place], due)
        return crm.post(names[place], due) if place % 10 == 0 and answer.status == 202 else answer

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(at, range(len(names))))
        took = time.monotonic() - begun
        close_connections(pool)

    def handled() -> int:
        found = rows(cloud, TRAFFIC, map(crm.inbox_key, names))
        return sum(row["data"]["status"] == "handled" for row in found)

    settle(cloud, lambda: handled() == len(names))
    jobs = list(rows(cloud, CORE, map(crm.job_key, names)))
    times = [answer.seconds * 1000 for answer in answers]
    return Intake(
        accepted=sum(answer.status == 202 for answer in answers),
        handled=handled(),
        jobs=len(jobs),
        touched_twice=sum(row["version"] != 1 for row in jobs),
        p50_ms=round(percentile(times, 0.5), 1),
        p99_ms=round(percentile(times, 0.99), 1),
        seconds=took,
    )


@contextmanager
def function_behind(cloud: Cloud, function: str, url: str) -> Iterator[None]:
    """The function talks to AWS through `url` until the block ends."""
    client = cloud.boto("lambda")
    name = resource("local", function)
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def settings(variables: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    settings(before | {"AWS_ENDPOINT_URL": url})
    try:
        yield
    finally:
        settings(before)
        client.close()


@dataclass(frozen=True)
class Outage:
    during: int  # the answer while storage fails
    retry_after: str | None
    after: int  # the answer to the sender's retry
    lost_answer: int  # the answer when the row was stored and storage's answer cut
    rows: int  # inbox rows of the two events
    jobs: int
    touched_twice: int


def outage(cloud: Cloud, proxy_url: str, rules: Callable[..., None]) -> Outage:
    """The webhook door's storage fails, comes back, and once loses an answer. `rules` sets the fault proxy's."""
    crm = Crm(cloud)
    names = [f"outage-{time.time_ns():x}-{number}" for number in range(2)]
    with function_behind(cloud, "crm_webhook", proxy_url), ThreadPoolExecutor(1) as pool:

        def post(id: str) -> Reply:
            return pool.submit(crm.post, id).result()

        rules()
        for _ in range(5):  # the proxy and the function take seconds over their first call: that is no outage of ours
            if post(f"{names[0]}-warm").status == 202:
                break
        rules({"operation": "PutItem", "error": {"code": "InternalServerError", "status": 500, "message": "down"}})
        during = post(names[0])
        rules()
        after = post(names[0])
        rules({"operation": "PutItem", "times": 1, "response": {"abort_bytes": 0}})
        lost = post(names[1])
        rules()
        close_connections(pool)
    drain(cloud)
    jobs = list(rows(cloud, CORE, map(crm.job_key, names)))
    return Outage(
        during=during.status,
        retry_after=during.headers.get("retry-after"),
        after=after.status,
        lost_answer=lost.status,
        rows=len(list(rows(cloud, TRAFFIC, map(crm.inbox_key, names)))),
        jobs=len(jobs),
        touched_twice=sum(row["version"] != 1 for row in jobs),
    )
