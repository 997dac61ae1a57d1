"""A lead reaches the CRM once, or the branch hears of it: after two minutes, and when we stop trying."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from moref.kernel.errors import Conflict, Failure, NotFound, OutcomeUnknown, Permanent, Retry
from moref.messaging.model import Message
from moref.records import Change, every, get
from moref.referrals.hand_over import hand_over
from moref.referrals.model import Lead
from moref.referrals.request_quote import Quote, request_quote
from moref.runtime import Runtime
from moref.tenants.model import Connection
from moref.tenants.switches import set_switch
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG, SECRET, World, world

URL = "https://crm.example/leads"


@dataclass
class Answer:
    status: int
    retry_after: int | None = None


@dataclass
class Crm:
    """Answers in turn, the last one for ever; counts every post by its webhook-id."""

    answers: list[Answer | Failure]
    posts: list[dict[str, Any]] = field(default_factory=list)

    def __call__(
        self, url: str, body: bytes, *, message_id: str, secret: bytes, now: datetime, loopback: bool
    ) -> Answer:
        self.posts.append({"url": url, "body": body, "id": message_id, "secret": secret, "at": now})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Failure):
            raise answer
        return answer


def new_lead(w: World) -> Lead:
    link = w.advocate("con_a", phone="+15125550111")
    quote = Quote(
        nonce="n1", first_name="Bo", last_name="Friend", phone="+15125550177", email=None, origin_zip="78701",
        destination_zip=None, move_date="2026-07-01", notes='"piano" & <b>', consent_text=None, consent_version="t",
    )  # fmt: skip
    return request_quote(w.runtime, link.id, quote)


def run(w: World, lead: Lead, crm: Crm, until: timedelta) -> None:
    """Queue and scheduler as they are, until so long after the lead was made; the first message comes twice."""
    now, end = w.clock.now(), lead.created_at + until
    waiting = [now, now]
    while waiting and waiting[0] <= end:
        w.clock.at = max(w.clock.now(), waiting.pop(0))
        hand_over(w.runtime, ORG, lead.id, post=crm)
        waiting += [w.clock.now() + timedelta(seconds=seconds) for seconds in w.delays()]
        waiting += [due for due, _, _ in w.scheduler.schedules.values()]
        w.scheduler.schedules.clear()
        waiting = sorted(set(waiting))
    w.clock.at = end


def emails(w: World) -> list[str]:
    return sorted(message.template for message in every(w.store, Message, ORG) if message.kind == "staff")


def lead_now(w: World, lead: Lead) -> Lead:
    return get(w.store, Lead, ORG, lead.id)


def test_an_accepted_lead_is_posted_once_and_nobody_is_bothered() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(200)])
    run(w, lead, crm, timedelta(hours=80))
    assert lead_now(w, lead).status == "accepted"
    assert len(crm.posts) == 1
    assert (crm.posts[0]["url"], crm.posts[0]["id"], crm.posts[0]["secret"]) == (URL, lead.id, SECRET)
    assert emails(w) == []


def test_the_body_says_who_where_and_whose_referral() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(204)])
    hand_over(w.runtime, ORG, lead.id, post=crm)
    said = json.loads(crm.posts[0]["body"])
    assert said["type"] == "lead.created"
    assert said["data"] == {
        "lead_id": lead.id,
        "referral_id": lead.referral_id,
        "code": lead.code,
        "customer": {"first_name": "Bo", "last_name": "Friend", "phone": "+15125550177", "email": None},
        "origin": {"postal_code": "78701", "country": "US"},
        "destination": None,
        "move_date": "2026-07-01",
        "notes": '"piano" & <b>',
        "source": "Mo-ref referral",
    }


@pytest.mark.parametrize("trouble", [Answer(500), Answer(302), Answer(404), Retry("no answer"), OutcomeUnknown("cut")])
def test_it_is_tried_again_under_the_same_id_until_accepted(trouble: Answer | Failure) -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([trouble, trouble, Answer(201)])
    run(w, lead, crm, timedelta(hours=1))
    seconds = [(post["at"] - lead.created_at).total_seconds() for post in crm.posts]
    assert seconds == [0, 5, 35]
    assert {post["id"] for post in crm.posts} == {lead.id}
    assert len({post["body"] for post in crm.posts}) == 1
    assert lead_now(w, lead).status == "accepted"
    assert emails(w) == []


def test_the_branch_hears_once_after_two_minutes_and_the_lead_fails_after_72_hours() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(503)])
    run(w, lead, crm, timedelta(seconds=119))
    assert emails(w) == []
    run(w, lead, crm, timedelta(seconds=125))
    assert emails(w) == ["lead_not_accepted"]
    told = lead_now(w, lead).branch_told_at
    assert told is not None
    assert timedelta(seconds=119) <= told - lead.created_at <= timedelta(seconds=125)
    run(w, lead, crm, timedelta(hours=71))
    assert (lead_now(w, lead).status, emails(w)) == ("new", ["lead_not_accepted"])
    run(w, lead, crm, timedelta(hours=100))
    assert (lead_now(w, lead).status, lead_now(w, lead).reason) == ("failed", "HTTP 503")
    assert emails(w) == ["lead_failed", "lead_not_accepted"]
    assert 8 <= len(crm.posts) <= 12


def test_gone_means_gone() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(410)])
    run(w, lead, crm, timedelta(hours=80))
    assert len(crm.posts) == 1
    assert (lead_now(w, lead).status, emails(w)) == ("failed", ["lead_failed"])


def test_an_address_we_never_post_to_fails_at_once() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    run(w, lead, Crm([Permanent("the address is not a public https one")]), timedelta(hours=1))
    assert lead_now(w, lead).reason == "the address is not a public https one"
    assert emails(w) == ["lead_failed"]


def test_without_a_receiver_the_branch_gets_the_lead_at_once() -> None:
    w = world()
    w.connection(None)
    lead = new_lead(w)
    hand_over(w.runtime, ORG, lead.id, post=Crm([Answer(200)]))
    assert (lead_now(w, lead).status, lead_now(w, lead).reason) == ("failed", "no lead url")
    (message,) = every(w.store, Message, ORG)
    assert message.template == "lead_failed"
    assert message.fields["phone"] == "+15125550177"


def test_the_branchs_own_connection_comes_first() -> None:
    w = world()
    w.connection("https://other.example/leads", id="conn_0", location_id="loc_9")
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(200)])
    hand_over(w.runtime, ORG, lead.id, post=crm)
    assert crm.posts[0]["url"] == URL


def test_the_receivers_retry_after_is_honoured() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    crm = Crm([Answer(429, retry_after=90), Answer(200)])
    run(w, lead, crm, timedelta(hours=1))
    assert [(post["at"] - lead.created_at).total_seconds() for post in crm.posts] == [0, 90]


def test_the_stop_switch_holds_posts_back_and_the_branch_still_hears() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    set_switch(w.store, w.clock.now(), ORG, "connectors", stop=True, reason="maintenance", by="mem_1")
    crm = Crm([Answer(200)])
    run(w, lead, crm, timedelta(minutes=15))
    assert (crm.posts, emails(w)) == ([], ["lead_not_accepted"])
    set_switch(w.store, w.clock.now(), ORG, "connectors", stop=False, reason="", by="mem_1")
    run(w, lead, crm, timedelta(minutes=30))
    assert (len(crm.posts), lead_now(w, lead).status) == (1, "accepted")


def test_an_answer_is_written_down_even_when_the_lead_changed_meanwhile() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)

    def slow(*args: Any, **kwargs: Any) -> Answer:
        known = lead_now(w, lead)
        w.store.commit(Change(known, known.changed(w.clock.now(), branch_told_at=w.clock.now())))
        return Answer(200)

    hand_over(w.runtime, ORG, lead.id, post=slow)
    assert lead_now(w, lead).status == "accepted"
    assert lead_now(w, lead).branch_told_at is not None


def test_a_crash_anywhere_ends_with_an_accepted_lead_or_a_told_branch() -> None:
    for point in range(1, 12):
        w = world()
        w.connection(URL)
        lead = new_lead(w)
        crm = Crm([Answer(500), Answer(200)])
        w.store.crash_at = w.store.points + point
        try:
            run(w, lead, crm, timedelta(minutes=1))
        except Crash:
            run(w, lead, crm, timedelta(minutes=10))  # SQS delivers the message again
        assert lead_now(w, lead).status == "accepted", point
        assert {post["id"] for post in crm.posts} == {lead.id}


def test_another_organizations_lead_is_not_found() -> None:
    w = world()
    lead = new_lead(w)
    with pytest.raises(NotFound):
        hand_over(w.runtime, "org_2", lead.id, post=Crm([Answer(200)]))


def test_a_race_that_never_ends_is_left_to_redelivery() -> None:
    w = world()
    w.connection(URL)
    lead = new_lead(w)
    real = w.store.commit

    def lost(*writes: Any) -> None:
        raise Conflict("always somebody else")

    w.store.commit = lost  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        hand_over(w.runtime, ORG, lead.id, post=Crm([Answer(200)]))
    w.store.commit = real  # type: ignore[method-assign]
    assert lead_now(w, lead).status == "new"


def test_a_connection_with_an_api_of_its_own_is_handed_the_lead_there() -> None:
    w = world()
    made = w.connection(None)
    w.store.commit(Change(get(w.store, Connection, ORG, made.id), made.changed(w.clock.now(), takes_leads=True)))
    lead, pushed = new_lead(w), []

    def push(runtime: Runtime, connection: Connection, said: Any, *, since: datetime, again: bool) -> Answer:
        pushed.append((connection.id, said["lead_id"], since, again))
        if not again:
            raise OutcomeUnknown("ReadTimeout")
        return Answer(201)

    nobody = Crm([Permanent("not by post")])
    for _ in range(2):
        hand_over(w.runtime, ORG, lead.id, post=nobody, push=push)
        w.clock.move(seconds=10)
    assert pushed == [("conn_1", lead.id, lead.created_at, again) for again in (False, True)]
    assert get(w.store, Lead, ORG, lead.id).status == "accepted"
    assert nobody.posts == []
