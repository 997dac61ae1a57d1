"""Who gets the credit and why, what holds it and what comes next; nobody learns what is not theirs."""

import json
from datetime import timedelta
from typing import Any

import pytest

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion, Hold
from moref.kernel.clock import iso
from moref.kernel.errors import NotFound
from moref.programs.model import Program
from moref.records import Change, Create, get
from moref.referrals.explain import explain
from moref.referrals.model import Referral
from moref.rewards.model import Reward
from tests.fakes.referral_world import LOCATION, ORG, World, world
from tests.unit.referrals.people import advocate, form, tell

BO: dict[str, Any] = {
    "first_name": "Bo", "last_name": "Friend", "phone": "+15125550177", "email": "bo.friend@example.com",
}  # fmt: skip
SECRETS = ("Bo", "Friend", "5550177", "bo.friend", "Tom", "Roe", "mem_1")


class Case:
    """Jane referred Bo before Tom did; Bo booked."""

    def __init__(self) -> None:
        self.w: World = world()
        jane = advocate(self.w, "Jane", "Doe", "+15125550111")
        tom = advocate(self.w, "Tom", "Roe", "+15125550122")
        self.hers = form(self.w, jane, **BO).id
        self.w.clock.move(hours=5)
        self.his = form(self.w, tom, **BO).id
        self.w.clock.move(days=1)
        self.job = tell(self.w, "J-1", **BO)

    def said(self, audience: str, id: str | None = None) -> dict[str, Any]:
        return explain(self.w.runtime, ORG, id or self.hers, audience)  # type: ignore[arg-type]

    def conversion(self, **over: Any) -> Conversion:
        now = self.w.clock.now()
        terms = Program(**self.w.base("prg"), name="P", tiers=[{"at": 1, "amount": 2500}]).terms()
        made = Conversion(
            **self.w.base(conversion_id(ORG, self.hers)), referral_id=self.hers, advocate_id="adv", job_id=self.job.id,
            location_id=LOCATION, program_id="prg", program_version=1, terms=terms, qualified_at=now, **over,
        )  # fmt: skip
        self.w.store.commit(Create(made))
        return made


@pytest.fixture
def case() -> Case:
    return Case()


def test_staff_see_who_why_and_the_rivals(case: Case) -> None:
    said = case.said("staff")
    assert said["credit"]["name"] == "Jane Doe"
    assert said["why"]["kind"] == "quote_form"
    assert "earliest documented evidence" in said["why"]["words"]
    assert [piece["kind"] for piece in said["evidence"]] == ["quote_form", "person_match"]
    assert [(rival["referral_id"], rival["status"]) for rival in said["others"]] == [(case.his, "duplicate")]


@pytest.mark.parametrize("audience", ["advocate", "partner"])
def test_others_see_their_own_and_never_the_friend_or_a_rival(case: Case, audience: str) -> None:
    case.conversion(
        status="held", reason="Bo Friend is known",
        holds=[
            Hold(rule="self_referral", words="The referred person Bo Friend has the phone +15125550177."),
            Hold(rule="terms", words="terms"),
        ],
    )  # fmt: skip
    for id in (case.hers, case.his):
        text = json.dumps(case.said(audience, id))
        assert not any(secret in text for secret in SECRETS), text
        assert case.job.id not in text
        assert (case.his if id == case.hers else case.hers) not in text
    mine = case.said(audience)
    assert mine["credit"] == {"credited": True, "advocate_id": None, "name": "you"}
    assert [hold["rule"] for hold in mine["holds"]] == [None, "terms"]
    lost = case.said(audience, case.his)
    assert (lost["credit"]["credited"], lost["others"]) == (False, [])
    assert lost["why"]["words"] == "Another referral of the same person was documented first."
    codes = [piece["code"] for piece in mine["evidence"]]
    assert all(codes) if audience == "partner" else not any(codes)


def test_what_comes_next_and_by_when_follows_the_state(case: Case) -> None:
    def following() -> tuple[str, str | None]:
        said = case.said("advocate")["next"]
        return said["words"], said["by"]

    now = case.w.clock.now()
    assert following() == ("It is judged when the job has come as far as the program asks.", None)
    conversion = case.conversion(waiting_since=now)
    assert following() == ("Staff approve or reject it.", iso(now + timedelta(hours=48)))
    reward = Reward(
        **case.w.base("rwd_1"), advocate_id="adv", contact_id="con", conversion_id=conversion.id, location_id=LOCATION,
        legal_entity_id="le_1", amount=2500, currency="USD", approved_at=now, release_at=now + timedelta(minutes=10),
    )  # fmt: skip
    stored = get(case.w.store, Conversion, ORG, conversion.id)
    case.w.store.commit(Create(reward), Change(stored, stored.changed(now, status="approved", reward_id="rwd_1")))
    assert following() == ("The reward is being sent.", iso(now + timedelta(hours=48, minutes=10)))
    assert case.said("advocate")["reward"]["amount"] == 2500
    sent = get(case.w.store, Reward, ORG, "rwd_1")
    case.w.store.commit(Change(sent, sent.changed(now, status="issued")))
    assert following() == ("The reward was sent.", None)
    referral = get(case.w.store, Referral, ORG, case.hers)
    case.w.store.commit(Change(referral, referral.changed(now, status="removed")))
    assert following() == ("Nothing more happens.", None)


def test_another_tenants_referral_is_not_there(case: Case) -> None:
    with pytest.raises(NotFound):
        explain(case.w.runtime, "org_2", case.hers, "staff")
