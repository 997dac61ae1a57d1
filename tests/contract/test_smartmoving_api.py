"""SmartMoving's API as we call it: requests valid by the vendor's description, every answer a kind."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.sandbox.callbacks import Callbacks
from infra.local.sandbox.faults import Faults
from infra.local.sandbox.record import Recorder
from infra.local.sandbox.smartmoving import SmartMoving as Sandbox
from infra.local.sandbox.validate import Validator
from infra.local.sandbox.vendor import Counter
from infra.local.sandbox.web import Answer, Request, web_server
from moref.intake.crm import smartmoving
from moref.kernel.errors import MorefError, NeedsPerson, NotFound, OutcomeUnknown, Permanent, Retry
from tests.shared_specs import shared_vendor

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
KEY = {"api_key": "key"}
LEAD: dict[str, Any] = {
    "lead_id": "lead_1", "code": "7K3M9QX2WDQ", "move_date": "2026-07-01", "notes": 'piano & "stairs"',
    "source": "Mo-ref",
    "customer": {"first_name": "Zoë", "last_name": "Friend", "phone": "+15125550177", "email": "zoe@home.test"},
    "origin": {"postal_code": "78701", "state": "TX"}, "destination": None,
}  # fmt: skip


class Company:
    """The sandbox behind a socket; `answers` are given first, as they are."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(lambda: NOW, Callbacks(NOW.isoformat))
        self.sandbox.register({"api_key": "key", "url": "http://127.0.0.1:9/hook", "headers": {}})
        self.recorder = Recorder()
        self.counter = Counter([self.sandbox], self.recorder, Faults(), Validator())
        self.answers: list[Answer] = []
        self.server = web_server(0, self.answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/smartmoving"

    def answer(self, request: Request) -> Answer:
        return self.answers.pop(0) if self.answers else self.counter.serve(self.sandbox, request, NOW)

    def client(self, key: dict[str, str] = KEY) -> Any:
        return smartmoving.client(key, self.url)


@pytest.fixture
def company() -> Iterator[Company]:
    found = Company()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def ids(company: Company, **opportunity: Any) -> dict[str, str]:
    answer = company.sandbox.set(
        {
            "opportunity": {
                "status": 10, "estimatedTotal": {"finalTotal": 1250.5}, "opportunityType": 2, **opportunity
            },
            "customer": {"name": "Ann Lee", "phoneNumber": "(512) 555-0123", "phoneType": 1},
            "job": {
                "completedAtUtc": "2026-06-01T20:00:00", "jobAddresses": ["1 Elm St, Austin, TX 78701"],
                "actualCharges": [{"totalCost": 1300.25}],
            },
        }
    )  # fmt: skip
    found: dict[str, str] = json.loads(answer.body)
    return found


def test_every_request_is_valid_by_the_vendors_own_description(company: Company) -> None:
    shared_vendor("smartmoving")
    client, id = company.client(), ids(company)["opportunity-id"]
    client.check()
    client.read(id, True, {})
    client.leads(1)
    for config in ({}, {"referral_source_id": "1de2b8a4-9c51-44f1-8a77-55b0c2d3e431"}, {"referral_source": "Friends"}):
        client.push_lead(LEAD, config)
    client.push_lead(LEAD | {"move_date": None, "origin": None, "notes": ""}, {})
    client.set_fields(id, {"customField01": "7K3M-9QX2-WDQ"})
    client.add_note(id, "x" * 5000)
    made = company.recorder.of("smartmoving")
    assert len(made) == 10
    assert [(each["path"], each["error"]) for each in made if each["valid"] is not True] == []
    assert {each["status"] for each in made} == {200}


def test_a_snapshot_holds_what_two_calls_say(company: Company) -> None:
    named = ids(company, branch={"name": "Dallas"}, customField01=" 7K3M-9QX2-WDQ ")
    found = company.client().read(named["opportunity-id"], True, {"code_field": "customField01"})
    assert (found.code, found.estimate, found.charged) == (10, 125050, 130025)
    (part,) = found.parts
    assert (part.external_id, part.timed) == (named["job-id"], True)
    assert (part.completed_at, part.closed_at) == (datetime(2026, 6, 1, 20, tzinfo=UTC), None)
    assert found.job["branch"] == "Dallas"
    assert found.job["referral_code"] == "7K3M-9QX2-WDQ"
    assert found.customer["phone_kind"] == "home"
    assert found.job["interstate"] is True


def test_one_call_is_enough_when_the_jobs_times_are_not_wanted(company: Company) -> None:
    company.client().read(ids(company)["opportunity-id"], False, {})
    assert len(company.recorder.of("smartmoving")) == 1


def test_a_lead_that_was_handed_in_is_found_again(company: Company) -> None:
    id = company.client().push_lead(LEAD, {})
    leads, last = company.client().leads(1)
    assert ([lead["id"] for lead in leads], last) == ([id], True)
    assert leads[0]["phone"] == "+15125550177"


def test_another_key_is_refused(company: Company) -> None:
    with pytest.raises(NeedsPerson, match="credentials"):
        company.client({"api_key": "wrong"}).leads(1)


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (400, b"", NotFound, Permanent),
        (403, b"", NeedsPerson, NeedsPerson),
        (404, b"", NotFound, Permanent),
        (408, b"", Retry, OutcomeUnknown),
        (429, b"", Retry, Retry),
        (500, b"", Retry, OutcomeUnknown),
        (302, b"", Retry, OutcomeUnknown),
        (200, b"<html>", OutcomeUnknown, OutcomeUnknown),
        (200, b"[]", OutcomeUnknown, OutcomeUnknown),
        (200, b"", OutcomeUnknown, OutcomeUnknown),
    ],
)
def test_every_other_answer_is_a_kind_of_failure(
    company: Company, status: int, body: bytes, read: type[MorefError], write: type[MorefError]
) -> None:
    company.answers = [Answer(status, body)] * 3
    with pytest.raises(read):
        company.client().read("3f6c1c6e-52aa-4b0c-9f0e-0d5c8d7e1a01", False, {})
    with pytest.raises(read):
        company.client().leads(1)
    with pytest.raises(write):
        company.client().push_lead(LEAD, {})


def test_a_rate_limit_says_how_long_to_wait(company: Company) -> None:
    company.answers = [Answer(429, headers={"Retry-After": "77"})]
    with pytest.raises(Retry) as refused:
        company.client().leads(1)
    assert refused.value.seconds == 77
