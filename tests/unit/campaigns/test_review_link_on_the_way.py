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
from tests.unit.campaigns.test_fairness import FAIR, UNFAIR
from tests.unit.campaigns.test_journey import completed, score
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
