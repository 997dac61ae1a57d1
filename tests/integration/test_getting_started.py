"""A stranger goes from nothing to a live e-mail campaign with nothing but /v1/docs, on the embedded AWS."""

import re
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import PATIENCE, Driver
from tests.docs_script import Answer, Step, at, perform, steps_of
from tests.integration.flows import to_a_weekday_morning

pytestmark = pytest.mark.cloud
EMAIL = "nora@newbird.example.com"
MOVES = 40  # of half a minute each, until what is asked for is there


class Stranger:
    """Reads the page, and has a mailbox, a clock and an HTTP client."""

    def __init__(self, cloud: Cloud) -> None:
        self.driver = Driver(cloud.outputs)
        self.known = {"email": EMAIL}
        self.events = 0

    def steps(self) -> list[Step]:
        page = self.driver.http.get(f"{self.driver.api_url}/v1/docs", timeout=PATIENCE)
        assert page.status_code == 200
        return steps_of(page.text)

    def send(self, method: str, address: str, headers: dict[str, str], body: bytes) -> Answer:
        url = address if address.startswith("http") else self.driver.api_url + address
        answer = self.driver.http.request(method, url, headers=headers, data=body or None, timeout=PATIENCE)
        return answer.status_code, answer.json()

    def follow(self, step: Step) -> Any:
        if "{code}" in step.body:
            mail = self.driver.message(EMAIL, "code to sign in")
            self.known["code"] = re.findall(r"\b[0-9]{6}\b", mail["body"])[0]
        self.events += 1
        now = self.driver.now()
        self.known |= {"id": f"event-{self.events}", "now": now.isoformat(), "unix_time": str(int(now.timestamp()))}
        for _ in range(MOVES):
            status, answer = perform(step, self.known, self.send)
            assert status == step.status, f"{step.method} {step.address}: {status} {answer}"
            if step.until is None or at(answer, step.until[0]) == step.until[1]:
                return answer
            self.driver.move(30)
        raise AssertionError(f"{step.address}: {step.until} did not come true, the last answer is {answer}")


def test_the_script_of_the_docs_leads_from_nothing_to_a_message(cloud: Cloud) -> None:
    stranger = Stranger(cloud)
    to_a_weekday_morning(stranger.driver)
    answers = [stranger.follow(step) for step in stranger.steps()]
    (message,) = answers[-1]["items"]
    assert (message["channel"], message["location_id"]) == ("email", stranger.known["location_id"])
    seen = stranger.driver.message(EMAIL, "/review/")
    assert seen["channel"] == "email"
    assert "Newbird Moving Austin" in seen["body"]
