"""From an HTTP event to a page: routes, methods, limits, forms."""

from contextlib import suppress
from typing import Any

import pytest

from moref.kernel.errors import Conflict, Malformed, TooLarge
from moref.kernel.webhook import Request
from moref.pages import dispatch
from moref.pages.base import MAX_FORM
from moref.pages.dispatch import answer, parse_form
from tests.fakes.page_server import event
from tests.fakes.referral_world import World, world

BASE_HEADERS = ("content-security-policy", "referrer-policy", "x-content-type-options", "cache-control")


@pytest.fixture
def w() -> World:
    return world()


@pytest.mark.parametrize(
    "path",
    ["/", "/q", "/q/", "/q/nothing", "/q/00000000000", "/q/a/b", "/x/y", "/review/nothing", "/u/nothing", "/q/%00", ""],
)
def test_whatever_leads_nowhere_is_the_same_friendly_404(w: World, path: str) -> None:
    found = answer(w.runtime, event("GET", path))
    assert found["statusCode"] == 404
    assert found["body"] == answer(w.runtime, event("GET", "/q/other"))["body"]
    assert all(found["headers"][name] for name in BASE_HEADERS)


def test_head_is_get_without_the_body(w: World) -> None:
    path = f"/q/{w.advocate('con_a', phone='+15125550111').id}"
    get, head = answer(w.runtime, event("GET", path)), answer(w.runtime, event("HEAD", path))
    assert (head["statusCode"], head["headers"], head["body"]) == (200, get["headers"], "")


@pytest.mark.parametrize(("path", "allow"), [("/q/x", "GET, HEAD, POST"), ("/ref.js", "GET, HEAD")])
def test_another_method_is_405_and_says_which_are_allowed(w: World, path: str, allow: str) -> None:
    found = answer(w.runtime, event("DELETE", path))
    assert (found["statusCode"], found["headers"]["allow"]) == (405, allow)


def test_a_form_that_is_too_long_is_413(w: World) -> None:
    path = f"/q/{w.advocate('con_a', phone='+15125550111').id}"
    assert answer(w.runtime, event("POST", path, body=b"a" * MAX_FORM))["statusCode"] == 422
    assert answer(w.runtime, event("POST", path, body=b"a" * (MAX_FORM + 1)))["statusCode"] == 413
    assert answer(w.runtime, event("POST", path, body=b"a" * 600_000))["statusCode"] == 413


def test_a_form_that_cannot_be_read_is_400(w: World) -> None:
    path = f"/q/{w.advocate('con_a', phone='+15125550111').id}"
    assert answer(w.runtime, event("POST", path, body=b"\xff\xfe"))["statusCode"] == 400
    assert answer(w.runtime, event("POST", path, body=b"&".join([b"a=1"] * 51)))["statusCode"] == 400
    broken = event("POST", path) | {"body": "***"}
    assert answer(w.runtime, broken)["statusCode"] == 400


def test_a_lost_race_asks_to_send_again(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any) -> Any:
        raise Conflict

    monkeypatch.setitem(dispatch.PAGES, "q", (lost, lost))
    assert answer(w.runtime, event("POST", "/q/x"))["statusCode"] == 503


def _request(kind: str, body: bytes) -> Request:
    return Request("POST", "/u/t", {"content-type": kind}, body)


def test_one_click_forms_are_read_in_both_encodings() -> None:
    expected = {"List-Unsubscribe": "One-Click"}
    multipart = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    assert parse_form(_request("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")) == expected
    assert parse_form(_request("multipart/form-data; boundary=x", multipart)) == expected


def test_the_first_value_of_a_field_counts_and_unicode_survives() -> None:
    found = parse_form(_request("application/x-www-form-urlencoded", b"a=Zo%C3%AB&a=2&b=&c=%ff"))
    assert found == {"a": "Zoë", "b": "", "c": "\ufffd"}


BOUNDARIES = ("", "; boundary=", '; boundary="')
GARBAGE = (b"", b"--", b"--x\r\n\r\n--x--", b"\xff" * 100, b"--x\r\nContent-Disposition: form-data")


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("body", GARBAGE)
def test_no_garbage_is_a_server_error(boundary: str, body: bytes) -> None:
    with suppress(Malformed, TooLarge):
        assert isinstance(parse_form(_request("multipart/form-data" + boundary, body)), dict)


def test_the_script_is_small_public_and_sends_nothing(w: World) -> None:
    found = answer(w.runtime, event("GET", "/ref.js"))
    assert found["statusCode"] == 200
    assert found["headers"]["content-type"].startswith("text/javascript")
    assert len(found["body"].encode()) < 2048
    forbidden = ("fetch(", "XMLHttpRequest", "sendBeacon", "innerHTML", "eval")
    assert not [word for word in forbidden if word in found["body"]]
