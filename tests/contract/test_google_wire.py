"""Google's half over a real wire: a code is exchanged once, keys are fetched once and kept, no redirect is followed."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.sandbox.google import CLIENT_ID, CLIENT_SECRET, KID, Google
from infra.local.sandbox.web import Answer, Request, web_server
from moref.kernel.errors import BadInput, Retry
from moref.runtime import Runtime
from moref.signin.providers import google as plugin
from tests.fakes.runtime import FakeClock, fake_runtime


class Wire:
    """The sandbox behind HTTP; `instead` answers in its place."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.google = Google(self.clock.now)
        self.asked: list[str] = []
        self.instead: Answer | None = None
        self.server = web_server(0, self._answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request.path)
        return self.instead or self.google.answer(request, request.path, None)


@pytest.fixture
def wire() -> Iterator[Wire]:
    found = Wire()
    yield found
    found.server.shutdown()
    found.server.server_close()


def runtime(wire: Wire) -> Runtime:
    return fake_runtime(clock=wire.clock, vendor_urls=json.dumps({"google": wire.url}))


def form(**over: str) -> dict[str, str]:
    found = {"code": "x", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": "https://a.example"}
    return found | {"code_verifier": "v"} | over


def test_outside_the_local_stage_the_addresses_are_googles() -> None:
    assert plugin.authorize_url(fake_runtime()) == "https://accounts.google.com/o/oauth2/v2/auth"
    assert (plugin.TOKEN, plugin.CERTS) == (
        "https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v3/certs",
    )  # fmt: skip


def test_a_code_that_google_does_not_know_is_the_callers_fault(wire: Wire) -> None:
    with pytest.raises(BadInput):
        plugin.exchange(runtime(wire), form())
    with pytest.raises(BadInput):
        plugin.exchange(runtime(wire), form(client_secret="wrong"))


def test_keys_are_fetched_once_an_hour_and_an_unknown_one_asks_once_a_minute(wire: Wire) -> None:
    made = runtime(wire)
    found = [plugin.jwk(made, KID) for _ in range(3)]
    assert found[0] == wire.google.jwk() == found[2]
    assert len(wire.asked) == 1
    assert [plugin.jwk(made, "unknown") for _ in range(3)] == [None] * 3
    assert len(wire.asked) == 2
    wire.clock.move(minutes=1)
    plugin.jwk(made, "unknown")
    assert len(wire.asked) == 3
    wire.clock.move(hours=1)
    plugin.jwk(made, KID)
    assert len(wire.asked) == 4


def test_known_keys_outlive_an_outage(wire: Wire) -> None:
    made = runtime(wire)
    plugin.jwk(made, KID)
    wire.clock.move(hours=2)
    wire.instead = Answer(503)
    assert plugin.jwk(made, KID) == wire.google.jwk()
    with pytest.raises(Retry):
        plugin.jwk(made, "unknown")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500), Answer(200, b"<html>"), Answer(200, b"[]"), Answer(200, b'{"x": "' + b"x" * 70_000 + b'"}'),
        Answer(302, headers={"location": "/elsewhere"}),
    ],
    ids=["broken", "html", "list", "huge", "redirect"],
)  # fmt: skip
def test_what_google_never_says_is_no_answer_and_is_followed_nowhere(wire: Wire, answer: Answer) -> None:
    wire.instead = answer
    with pytest.raises(Retry):
        plugin.exchange(runtime(wire), form())
    assert wire.asked == ["/token"]


def test_a_key_set_in_another_shape_holds_no_key(wire: Wire) -> None:
    strange: list[Any] = [{"keys": [5, {"no": "kid"}]}, {}]
    for keys in strange:
        wire.instead = Answer(200, json.dumps(keys).encode())
        wire.clock.move(hours=2)
        assert plugin.jwk(runtime(wire), KID) is None


def test_nobody_there_is_tried_again_later(wire: Wire) -> None:
    made = fake_runtime(vendor_urls='{"google": "http://127.0.0.1:1"}')
    with pytest.raises(Retry):
        plugin.exchange(made, form())
