"""What no save could see: words that change under an older version or an archived campaign, saves at one moment."""

from typing import Any

import pytest

from moref.campaigns.definition import Definition
from moref.campaigns.fairness import opinion_matters
from moref.campaigns.model import Campaign, Enrollment
from moref.messaging.check_template import Refused
from moref.messaging.save_template import save_template
from moref.messaging.template_model import Wording
from moref.records import every
from moref.tenants.model import Organization
from tests.unit.campaigns.test_fairness import FAIR, UNFAIR
from tests.unit.campaigns.test_journey import completed, score
from tests.unit.campaigns.test_pause import set_status
from tests.unit.messaging.world import ORG, World

LINKS = ("{{ review_link }}", "https://reviews.example.test/bluebird")


def gated(**first: Any) -> Definition:
    """The happy get the template two days after their score."""
    return Definition.model_validate(
        {
            "trigger": {"kind": "feedback_given", "when": first.get("when", {"happy": True})},
            "first": "wait",
            "steps": {
                "wait": {"kind": "wait", "days": 8, "next": "thanks"},
                "thanks": {"kind": "send", "template": "our_thanks"},
            },
        }
    )


def save(it: World, text: str, version: int = 0) -> None:
    words = Wording(sms=f"{{{{ company }}}}: {text} {{{{ opt_out }}}}")
    save_template(it.runtime, ORG, "our_thanks", {"en": words}, version=version, actor="mem_1", kind="marketing")


def thanked(it: World) -> Enrollment:
    (found,) = [one for one in every(it.store, Enrollment, ORG) if one.campaign_id == "thanks"]
    return found


def begun() -> World:
    """A happy customer waits in version 1 of a campaign whose template holds no link yet."""
    it = completed()
    save(it, "thanks")
    it.campaign("thanks", gated())
    it.move(hours=3)
    score(it, 5)
    assert thanked(it).status == "active"
    return it


@pytest.mark.parametrize("link", LINKS)
def test_who_is_on_an_older_version_does_not_get_the_link_for_being_happy(link: str) -> None:
    it = begun()
    it.campaign("thanks", gated(when={}))  # version 2 sends to everybody, so the template may hold the link
    save(it, f"tell others {link}", version=1)
    it.move(days=12)
    assert not [one for one in it.messages() if one.template == "our_thanks"]
    run = thanked(it).steps["thanks"]
    assert (run.status, run.reason) == ("skipped", "unfair_review_link")


def test_nor_who_finishes_an_archived_campaign() -> None:
    it = begun()
    it.change(Campaign, "thanks", status="archived")
    save(it, f"tell others {LINKS[0]}", version=1)
    it.move(days=12)
    assert not [one for one in it.messages() if one.template == "our_thanks"]


def test_nor_by_a_campaign_and_a_template_saved_at_one_moment() -> None:
    it = completed()
    save(it, f"tell others {LINKS[0]}")
    it.campaign("thanks", gated())  # as if its check had read the template before
    it.move(hours=3)
    score(it, 5)
    it.move(days=12)
    assert not [one for one in it.messages() if one.template == "our_thanks"]


def test_whoever_everybody_is_with_gets_it() -> None:
    it = begun()
    save(it, "thanks again", version=1)
    it.move(days=12)
    assert [one.status for one in it.messages() if one.template == "our_thanks"] == ["sent"]


@pytest.mark.parametrize("name", UNFAIR)
def test_no_unfair_definition_is_taken_for_one_that_asks_nobody_for_an_opinion(name: str) -> None:
    assert opinion_matters(UNFAIR[name][0])


def test_where_no_opinion_matters_nothing_is_looked_up() -> None:
    assert not opinion_matters(FAIR["by the size of the job"])
    assert not opinion_matters(FAIR["everybody who answered"])


@pytest.mark.parametrize(
    "text",
    [
        "https://search.google.com/local/writereview?placeid=1",
        "HTTPS://REVIEWS.example.test/BLUEBIRD",
        "yelp.com/biz/x",
    ],
)
def test_a_review_site_is_a_review_link_whose_ever_it_is(text: str) -> None:
    it = completed()
    it.campaign("thanks", gated())
    with pytest.raises(Refused) as caught:
        save(it, f"tell others {text}")
    assert caught.value.findings[0].field == "campaigns.thanks.trigger.when"


@pytest.mark.parametrize("value", [5, 2])
def test_what_only_the_unhappy_are_sent_does_not_use_up_the_room_of_the_review_link(value: int) -> None:
    it = completed()
    it.change(Organization, ORG, settings={"most_per_week": 2})
    for name in ("referral_request", "win_back"):
        set_status(it, "paused", name)
    for name, words in (("our_review", "tell others {{ review_link }}"), ("sorry", "we are sorry")):
        wording = Wording(sms=f"{{{{ company }}}}: {words} {{{{ opt_out }}}}")
        save_template(it.runtime, ORG, name, {"en": wording}, version=0, actor="mem_1", kind="marketing")
    later = {"w": {"kind": "wait", "days": 2, "next": "a"}, "a": {"kind": "send", "template": "our_review"}}
    it.campaign(
        "review", Definition.model_validate({"trigger": {"kind": "feedback_given"}, "first": "w", "steps": later})
    )
    unhappy = {"kind": "feedback_given", "when": {"happy": False}}
    sorry = {"a": {"kind": "send", "template": "sorry"}}
    it.campaign("unhappy", Definition.model_validate({"trigger": unhappy, "first": "a", "steps": sorry}))
    it.move(hours=3)
    score(it, value)
    it.move(days=5)
    sent = {message.template: message.status for message in it.messages()}
    assert sent["our_review"] == "sent"
    assert sent.get("sorry") == (None if value == 5 else "sent")
    link = next(message for message in it.messages() if message.template == "our_review")
    assert link.sent_at is not None
    assert (link.sent_at - link.created_at).total_seconds() < 3600
