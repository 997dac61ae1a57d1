"""Unsubscribing: no login, no redirect, never by a GET."""

from moref.messaging.preferences import preferences_url
from moref.pages import preferences
from tests.unit.messaging.world import ORG, PERSON, World, world


def token_of(it: World) -> str:
    return preferences_url(it.runtime, ORG, PERSON).rpartition("/")[2]


def test_the_link_is_the_same_for_ever_and_another_persons_differs() -> None:
    it = world()
    assert preferences_url(it.runtime, ORG, PERSON) == preferences_url(it.runtime, ORG, PERSON)
    assert preferences_url(it.runtime, ORG, "con_2") != preferences_url(it.runtime, ORG, PERSON)


def test_a_mail_scanner_that_follows_the_link_unsubscribes_nobody() -> None:
    it = world(consents=[])
    assert preferences.get(it.runtime, token_of(it)).status == 200
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"


def test_one_click_unsubscribes_without_redirect_and_repeats_harmlessly() -> None:
    it = world(consents=[])
    id = it.plan()
    for _ in range(2):
        assert preferences.post(it.runtime, token_of(it), {"List-Unsubscribe": "One-Click"}).status == 200
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "suppressed")


def test_on_the_page_a_person_stops_and_starts_again() -> None:
    it = world(consents=[])
    token = token_of(it)
    assert preferences.post(it.runtime, token, {"do": "stop_email"}).status == 303
    assert "You are unsubscribed from" in preferences.get(it.runtime, token).body
    preferences.post(it.runtime, token, {"do": "start_email"})
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"
    preferences.post(it.runtime, token, {"do": "stop_sms"})
    assert "You get no texts" in preferences.get(it.runtime, token).body


def test_a_review_token_opens_no_preferences() -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    assert preferences.get(it.runtime, it.enrollment().token).status == 404
    assert preferences.post(it.runtime, "a" * 24, {"do": "stop_email"}).status == 404
