"""The redirect door: a click is stored before the customer is sent on, and the customer is always sent on."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from moref.kernel.env import Redirect
from moref.kernel.keys import GLOBAL
from moref.records import Create
from moref.referrals.model import Door
from moref.routing import delivery
from moref.tenants.model import Location
from redirect import handler as redirect_handler
from redirect.machines import is_machine
from redirect.target import target
from redirect.visit import RedirectDoor
from tests.fakes.light import FakeLight
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START
from tests.unit.doors.world import NOW, Clock

CODE = "7K3M9QX2WDQ"
EVENTS = Path(__file__).resolve().parents[3] / "events" / "lambda" / "redirect"
PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"}


def settings(stage: str = "prod") -> Redirect:
    return Redirect.from_env(
        {"STAGE": stage, "CORE_TABLE": "core", "TRAFFIC_TABLE": "traffic", "BASE_URL": "https://go.example.test"}
    )


def location(**over: Any) -> Location:
    values: dict[str, Any] = {
        "organization_id": "org_A", "id": "loc_1", "created_at": START, "updated_at": START, "name": "Austin",
        "legal_entity_id": "le_1", "time_zone": "America/Chicago", "postal_address": "1 Main St", "state": "TX",
        "staff_email": "staff@example.com", "review_url": "https://example.com/review",
        "site_url": "https://move.example.com/quote?utm=x",
    }  # fmt: skip
    return Location(**values | over)


def door(clock: Clock | None = None, **over: Any) -> tuple[RedirectDoor, FakeLight]:
    store = MemoryStore()
    leads = Door(
        organization_id=GLOBAL, id=CODE, created_at=START, updated_at=START,
        owner_id="org_A", location_id="loc_1", advocate_id="adv_1",
    )  # fmt: skip
    store.commit(Create(leads), Create(location(**over)))
    light = FakeLight(store)
    return RedirectDoor(light, settings(), clock or Clock()), light  # type: ignore[arg-type]


def clicks(light: FakeLight) -> list[dict[str, Any]]:
    return [row for row in light.store.rows.values() if row["noun"] == "click"]


def test_a_click_leads_to_the_site_with_the_code_and_is_stored() -> None:
    here, light = door()
    answer, outcome, organization = here.visit("GET", CODE, PHONE)
    assert (answer["statusCode"], outcome, organization) == (302, "recorded", "org_A")
    assert answer["headers"] == {
        "location": f"https://move.example.com/quote?utm=x&ref={CODE}",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
    }
    (row,) = clicks(light)
    assert row["expires_at"] == int(NOW) + 400 * 24 * 3600
    assert not {"noun_key", "status_key", "created", "updated", "pending"} & set(row)


def test_while_the_company_closes_its_account_the_link_leads_to_its_site_without_our_code() -> None:
    here, _ = door(links_credit=False)
    assert here.visit("GET", CODE, PHONE)[0]["headers"]["location"] == "https://move.example.com/quote?utm=x"


def test_the_router_understands_a_click_row() -> None:
    here, light = door()
    here.visit("GET", CODE, PHONE)
    found = delivery("traffic", clicks(light)[0])
    assert found is not None
    assert (found.message["name"], found.message["organization_id"]) == ("click.recorded", "org_A")
    assert found.message["data"] == {"code": CODE, "at": "2026-06-02T15:00:00.123456Z"}


@pytest.mark.parametrize("spelling", ["7k3m-9qx2-wdq", " 7K3M9QX2WDQ ", "7K3M 9QX2 WDQ"])
def test_a_code_is_read_however_it_is_spelled(spelling: str) -> None:
    here, _ = door()
    assert here.visit("GET", spelling, PHONE)[0]["statusCode"] == 302


def test_two_clicks_are_two_rows_and_one_read_of_the_link() -> None:
    here, light = door()
    here.visit("GET", CODE, PHONE)
    here.visit("GET", CODE, PHONE)
    assert len(clicks(light)) == 2
    assert light.calls == ["get", "get", "put", "put"]


@pytest.mark.parametrize("name", ["get__previewer", "get__prefetch", "head__phone"])
def test_who_did_not_click_is_redirected_and_not_counted(name: str) -> None:
    here, light = door()
    event = json.loads((EVENTS / f"{name}.json").read_text())
    method = event["requestContext"]["http"]["method"]
    answer, outcome, _ = here.visit(method, event["pathParameters"]["code"], event["headers"])
    assert (answer["statusCode"], outcome) == (302, "uncounted")
    assert clicks(light) == []


@pytest.mark.parametrize("code", ["7K3M9QX2WDR", "nonsense", "", "A" * 500, "7K3M9QX2WD\u0130"])
def test_a_code_that_cannot_be_one_is_a_friendly_404_and_asks_no_table(code: str) -> None:
    here, light = door()
    answer, outcome, _ = here.visit("GET", code, PHONE)
    assert (answer["statusCode"], outcome, light.calls) == (404, "not_found", [])
    assert "find this link" in answer["body"]
    assert answer["headers"]["referrer-policy"] == "no-referrer"
    assert "http" not in answer["body"].replace("http-equiv", "")  # nothing is fetched from anywhere
    assert here.visit("HEAD", code, PHONE)[0]["body"] == ""


def test_an_unknown_code_is_asked_for_once_a_minute() -> None:
    clock = Clock()
    here, light = door(clock)
    light.store.rows.clear()
    assert [here.visit("GET", CODE, PHONE)[0]["statusCode"] for _ in range(3)] == [404] * 3
    assert light.calls == ["get"]
    clock.at += 61
    here.visit("GET", CODE, PHONE)
    assert light.calls == ["get", "get"]


def test_a_click_that_cannot_be_stored_is_redirected_all_the_same() -> None:
    here, light = door()
    light.down = {"put"}
    answer, outcome, _ = here.visit("GET", CODE, PHONE)
    assert (answer["statusCode"], outcome) == (302, "unrecorded")


def test_with_storage_down_a_known_link_still_leads_on_and_a_new_one_says_please_wait() -> None:
    clock = Clock()
    here, light = door(clock)
    here.visit("GET", CODE, PHONE)
    light.down = {"get", "put"}
    clock.at += 3600
    assert here.visit("GET", CODE, PHONE)[0]["statusCode"] == 302
    fresh, light = door()
    light.down = {"get", "put"}
    answer, outcome, _ = fresh.visit("GET", CODE, PHONE)
    assert (answer["statusCode"], answer["headers"]["retry-after"], outcome) == (503, "60", "unavailable")


@pytest.mark.parametrize("over", [{"site_url": None}, {"status": "archived"}, {"site_url": "http://example.com"}])
def test_without_a_site_a_link_leads_to_the_quote_page(over: dict[str, Any]) -> None:
    here, _ = door(**over)
    assert here.visit("GET", CODE, PHONE)[0]["headers"]["location"] == f"https://go.example.test/q/{CODE}"


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("https://a.example", f"https://a.example?ref={CODE}"),
        ("https://a.example/p?x=1&ref=OLD&y=%20#top", f"https://a.example/p?x=1&y=%20&ref={CODE}#top"),
        ("https://a.example/p?referrer=1", f"https://a.example/p?referrer=1&ref={CODE}"),
    ],
)
def test_the_code_is_merged_into_the_sites_own_query(site: str, expected: str) -> None:
    assert target(site, CODE, base_url="https://go.example.test", stage="prod") == expected


@pytest.mark.parametrize(
    "site",
    [
        "http://a.example", "javascript:alert(1)", "//evil.example", "https://", "https://user@evil.example",
        "https://a.example\r\nset-cookie: x", "https://[bad", "ftp://a.example", "https://a.example/\u00e9",
        "http://127.0.0.1:4601/site",
    ],
)  # fmt: skip
def test_anything_but_a_plain_https_site_leads_to_the_quote_page(site: str) -> None:
    assert target(site, CODE, base_url="https://go.example.test", stage="prod") == f"https://go.example.test/q/{CODE}"


def test_loopback_is_a_site_in_the_local_stage_only() -> None:
    site = "http://127.0.0.1:4601/site"
    assert urlsplit(target(site, CODE, base_url="https://go", stage="local")).port == 4601
    for stage in ("dev", "prod"):
        assert target(site, CODE, base_url="https://go", stage=stage) == f"https://go/q/{CODE}"
    assert target("http://10.0.0.1/", CODE, base_url="https://go", stage="local") == f"https://go/q/{CODE}"


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("facebookexternalhit/1.1 Facebot Twitterbot/1.0", True),
        ("Slackbot-LinkExpanding 1.0", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", True),
        ("SkypeUriPreview Preview/0.5", True),
        ("TelegramBot (like TwitterBot)", True),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT X50) Chrome/120 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (iPhone) Mobile/15E148 [FBAN/FBIOS;FBAV/440]", False),
        ("Mozilla/5.0 (Linux; Android 14) Instagram 300.0", False),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140", False),
        ("", False),
    ],
)
def test_crawlers_and_previewers_are_told_from_people(agent: str, machine: bool) -> None:
    assert is_machine({"user-agent": agent}) is machine


def test_the_handler_answers_the_gateway_and_logs_no_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, light = door()
    monkeypatch.setattr(redirect_handler, "door", lambda: here)
    event = json.loads((EVENTS / "get__phone.json").read_text())
    assert redirect_handler.handler(event, None)["statusCode"] == 302
    light.down = {"put"}
    redirect_handler.handler(event, None)
    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first)["click_recorded"] == 1
    assert json.loads(second)["click_unrecorded"] == 1
    (metric,) = json.loads(second)["_aws"]["CloudWatchMetrics"]
    assert (metric["Namespace"], metric["Dimensions"]) == ("Moref", [[]])
    assert CODE not in first + second
