"""A branch is sold, over HTTP on the embedded AWS: a link that was given out before leads to the new owner's branch,
whose staff get the quote, and who texts STOP to the old owner's number is left alone by both."""

from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from tests.integration.flows import BROWSER, job, quoted, to_a_weekday_morning
from tests.integration.inside import inside

pytestmark = pytest.mark.cloud
ADVOCATE, FRIEND, LATER = "+15125558301", "+15125558302", "+15125558303"
NOTE = {"note": "sold to Heron Moving", "consents_continue": True}


@pytest.fixture
def seller(cloud: Cloud) -> Driver:
    found = Driver(cloud.outputs)
    to_a_weekday_morning(found)
    return found


@pytest.fixture
def buyer(cloud: Cloud, seller: Driver) -> Driver:
    """Its owner has signed in this minute."""
    now = seller.now().isoformat()
    return Driver(cloud.outputs | inside(cloud, "tests.integration.newcomer", name="heron", now=now))


def asked(driver: Driver, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = driver.api(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def branch(driver: Driver) -> str:
    """A second one, that the CRM sends its jobs to by name; without a site, links lead to our quote form."""
    payer = driver.items("/legal-entities")[0]["id"]
    body = {"name": "Bluebird Moving Waco", "legal_entity_id": payer, "time_zone": "America/Chicago", "state": "TX",
            "postal_address": "5 Elm Street, Waco, TX 76701", "staff_email": "waco@bluebird.example.com",
            "review_url": "https://reviews.example.com/waco", "crm_branch": "Waco"}  # fmt: skip
    return str(asked(driver, "POST", "/locations", body, 201)["id"])


def linked(driver: Driver, place: str) -> str:
    """Ottilie's link of the branch."""
    notice = job("waco", ["booked", "completed"], driver.now(), phone=ADVOCATE)
    notice["job"]["branch"] = "Waco"
    assert driver.webhook(notice).status_code == 202
    found = driver.wait_for("the customer", lambda: asked(driver, "POST", "/people/search", {"q": ADVOCATE})["items"])
    body = {"kind": "customer", "location_id": place, "first_name": "waco", "last_name": "Test", "phone": ADVOCATE}
    made = asked(driver, "POST", "/advocates", body, 201)
    assert made["advocate"]["contact_id"] == found[0]["contact_id"]
    return str(made["url"])


def gone(driver: Driver, id: str) -> dict[str, Any]:
    """The transfer, when all of it went: at once, and a last look some minutes later."""

    def status() -> str:
        return str(asked(driver, "GET", f"/location-transfers/{id}")["status"])

    driver.wait_for("the branch to be on its way", lambda: status() in ("moving", "done"))
    driver.wait_for("the cut-over", lambda: asked(driver, "GET", f"/location-transfers/{id}")["cut_over_at"])
    driver.move(240)
    driver.wait_for("the end of the transfer", lambda: status() == "done")
    found: dict[str, Any] = asked(driver, "GET", f"/location-transfers/{id}")
    return found


def test_links_referrals_and_wishes_follow_a_sold_branch(seller: Driver, buyer: Driver) -> None:
    place = branch(seller)
    link = linked(seller, place)
    quoted(seller, link, "Early", FRIEND)
    offered = asked(seller, "POST", f"/locations/{place}/transfer", NOTE, 201)
    driver_row = f"/location-transfers/{offered['id']}"
    preview = seller.wait_for("the preview", lambda: asked(seller, "GET", driver_row)["preview"])
    assert (preview["links"], preview["open_referrals"]) == (1, 1)
    seen = asked(buyer, "POST", "/location-transfers/preview", {"token": offered["token"]})
    assert (seen["branch"], seen["preview"]) == ("Bluebird Moving Waco", preview)
    payer = buyer.items("/legal-entities")[0]["id"]
    body = {"token": offered["token"], "legal_entity_id": payer}
    own = {"token": offered["token"], "legal_entity_id": seller.items("/legal-entities")[0]["id"]}
    assert seller.api("POST", "/location-transfers/accept", json=own).status_code == 409
    accepted = asked(buyer, "POST", "/location-transfers/accept", body, 202)
    ended = gone(buyer, accepted["id"])
    assert ended["counts"]["links"] == 1
    assert ended["counts"]["referrals"] == 1

    # The link that was given out before: one hop to the quote form, and the quote is the buyer's.
    assert buyer.open(link, **{"user-agent": BROWSER}).status_code == 302
    quoted(buyer, link, "Later", LATER)
    leads = buyer.wait_for("the leads of the buyer", lambda: [*buyer.items("/leads")][1:] and buyer.items("/leads"))
    assert {one["location_id"] for one in leads} == {accepted["location_id"]}
    assert not [one for one in seller.items("/leads", location_id=place) if one["created_at"] > ended["cut_over_at"]]
    referrals = {one["status"] for one in buyer.items("/referrals", location_id=accepted["location_id"])}
    assert referrals == {"new"}
    assert [one["status"] for one in seller.items("/referrals", location_id=place)] == ["lost"]
    assert asked(seller, "GET", f"/locations/{place}")["transferred_to"] == "Heron"

    def clicked() -> bool:
        (one,) = buyer.items("/links", location_id=accepted["location_id"])
        return bool(one["clicks"] >= 2)

    buyer.wait_for("the clicks there", clicked)

    # A text to the old owner's number holds for the new one.
    seller.reply_by_sms(ADVOCATE, "STOP")

    def stopped() -> bool:
        found = asked(buyer, "POST", "/people/search", {"q": ADVOCATE})["items"]
        contact = asked(buyer, "GET", f"/contacts/{found[0]['contact_id']}")
        return "sms" in contact["opted_out"]

    buyer.wait_for("the opt-out there", stopped)
