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
from tests.perf.traffic import SENDERS, Reply, Senders, drain, rows, settle

TRIES = 5


class Crm:
    """Posts events as the seeded organization's generic CRM; each is a job of its own, named by the event's id."""

    def __init__(self, cloud: Cloud, senders: Senders) -> None:
        self._senders = senders
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
        return self._senders.send("POST", self._hook["url"], body, headers, due)

    def deliver(self, id: str, due: float, place: int) -> tuple[Reply, int]:
        """The last answer, and how often it was sent until then."""
        time.sleep(max(0.0, due - time.monotonic()))
        tries = 1
        while (answer := self.post(id, due)).status != 202 and tries < TRIES:
            tries += 1
        if place % 10 == 0:
            self.post(id)
        return answer, tries

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
    repeated: int  # by the sender, after an answer that was not 202
    p50_ms: float
    p99_ms: float
    seconds: float


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[math.ceil(part * len(values)) - 1]


def handled(cloud: Cloud, crm: Crm, names: Sequence[str]) -> int:
    return sum(row["data"]["status"] == "handled" for row in rows(cloud, TRAFFIC, map(crm.inbox_key, names)))


def intake_flow(cloud: Cloud, rate: int, seconds: int) -> Intake:
    """`rate` events a second, whether or not the answers keep up, by a sender that repeats what was not answered 202.

    Every tenth event is sent once more after it was accepted. The door is warm: its first answers are not measured.
    """
    senders = Senders()
    crm = Crm(cloud, senders)
    tag = f"{time.time_ns():x}"
    names = [f"load-{tag}-{number}" for number in range(rate * seconds)]
    with senders, ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda number: crm.post(f"warm-{tag}-{number}"), range(3 * SENDERS)))
        begun = time.monotonic()
        answers = list(
            pool.map(lambda place: crm.deliver(names[place], begun + place / rate, place), range(len(names)))
        )
        took = time.monotonic() - begun

    settle(cloud, lambda: handled(cloud, crm, names) == len(names))
    jobs = list(rows(cloud, CORE, map(crm.job_key, names)))
    times = [answer.seconds * 1000 for answer, _ in answers]
    return Intake(
        accepted=sum(answer.status == 202 for answer, _ in answers),
        handled=handled(cloud, crm, names),
        jobs=len(jobs),
        touched_twice=sum(row["version"] != 1 for row in jobs),
        repeated=sum(tries - 1 for _, tries in answers),
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
    senders = Senders()
    crm = Crm(cloud, senders)
    names = [f"outage-{time.time_ns():x}-{number}" for number in range(2)]
    with function_behind(cloud, "crm_webhook", proxy_url), senders:
        rules()
        for _ in range(5):  # the proxy and the function take seconds over their first call: that is no outage of ours
            if crm.post(f"{names[0]}-warm").status == 202:
                break
        rules({"operation": "PutItem", "error": {"code": "InternalServerError", "status": 500, "message": "down"}})
        during = crm.post(names[0])
        rules()
        after = crm.post(names[0])
        rules({"operation": "PutItem", "times": 1, "response": {"abort_bytes": 0}})
        lost = crm.post(names[1])
        rules()
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
