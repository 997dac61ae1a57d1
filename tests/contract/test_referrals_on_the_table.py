"""The referral use-cases on DynamoDB itself: what one commit writes is a transaction the table accepts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.hand_over import hand_over
from moref.referrals.model import Door, Lead, Referral
from moref.referrals.request_quote import Quote, request_quote
from moref.referrals.track_job import track_job
from tests.contract.conftest import Backend
from tests.fakes.memory_store import MemoryStore
from tests.fakes.referral_world import LOCATION, ORG, World, world

pytestmark = pytest.mark.cloud


class Accepted:
    status = 200
    retry_after = None


@pytest.fixture(scope="module")
def w(direct: Backend) -> World:
    made = world(cast(MemoryStore, direct.store))
    made.connection("https://crm.example/leads")
    return made


def quote(nonce: str) -> Quote:
    return Quote(
        nonce=nonce, first_name="Bo", last_name="Friend", phone="+15125550177", email="bo@friend.example",
        origin_zip="78701", destination_zip=None, move_date=None, notes="", consent_text="I agree.",
        consent_version="t",
    )  # fmt: skip


def test_twenty_racing_calls_end_with_one_link(w: World) -> None:
    w.contact("con_race", phone="+15125550101")
    with ThreadPoolExecutor(20) as pool:
        links = list(pool.map(lambda _: ensure_link(w.runtime, ORG, "con_race", LOCATION).id, range(20)))
    assert len(set(links)) == 1
    assert get(w.store, Door, GLOBAL, links[0]).owner_id == ORG


def test_ten_copies_of_a_form_are_one_lead_of_one_referral(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    with ThreadPoolExecutor(10) as pool:
        leads = list(pool.map(lambda _: request_quote(w.runtime, link.id, quote("n1")), range(10)))
    assert len({(lead.id, lead.referral_id) for lead in leads}) == 1
    again = request_quote(w.runtime, link.id, quote("n2"))
    assert again.referral_id == leads[0].referral_id
    assert again.id != leads[0].id


def test_a_lead_is_handed_over_and_its_job_tracked_and_told_once_for_each_version(w: World, direct: Backend) -> None:
    link = w.advocate("con_b", phone="+15125550122")
    lead = request_quote(w.runtime, link.id, quote("n3"))
    hand_over(w.runtime, ORG, lead.id, post=cast(Any, lambda *_, **__: Accepted()))
    assert get(w.store, Lead, ORG, lead.id).status == "accepted"
    w.contact("con_crm", phone="+15125550199")
    w.clock.move(minutes=5)
    w.job("job_t", "con_crm", lead_id=lead.id, referral_code=link.id, facts=["booked"])
    for _ in range(3):
        found = track_job(w.runtime, ORG, "job_t")
    assert found is not None
    w.job("job_t", "con_crm", facts=["invoiced"])
    track_job(w.runtime, ORG, "job_t")
    assert get(w.store, Referral, ORG, found.id).status == "invoiced"
    told = [each["data"] for each in direct.events(ORG) if each["name"] == "referral.changed"]
    assert sorted(data["job_version"] for data in told if data["job_id"] == "job_t") == [1, 2]
