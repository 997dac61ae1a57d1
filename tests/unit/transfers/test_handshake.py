"""Over the API: one owner offers, another looks and accepts; whoever guesses or comes late learns nothing."""

from datetime import timedelta
from typing import Any, cast

import pytest

from bulk_worker.handler import work
from moref.billing.model import Subscription
from moref.events import ROUTES
from moref.isolation import bound
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import Change, every, get
from moref.rewards.model import AuditRow
from moref.tenants.model import Location, Member, Organization
from moref.transfers.model import LocationTransfer, TransferOffer
from moref.transfers.policy import POLICY
from moref.transfers.sweep import sweep_transfers
from tests.fakes.files import FakeFiles
from tests.fakes.runtime import FakeQueues
from tests.unit.api.test_logos import PICTURES, Desk
from tests.unit.api.world import Answer, World

BODY = {"note": "sold to Redbird", "consents_continue": True}


class Desks:
    """Both owners, and the bulk worker."""

    def __init__(self) -> None:
        self.world = World()
        self.a, self.b = self.world.a, self.world.b
        self.branch = self.located(self.a)
        self.theirs = self.world.token(self.b)
        self.heard = 0
        for org in (self.a.organization_id, self.b.organization_id):
            plan = get(self.world.store, Subscription, org, org)
            self.world.store.commit(Change(plan, plan.changed(self.world.clock.now(), agreed=True)))

    def located(self, of: Any) -> str:
        body = {"name": "Dallas", "legal_entity_id": self.world.legal_entity(of), "time_zone": "America/Chicago",
                "postal_address": "1 Street", "staff_email": "a@example.com",
                "review_url": "https://reviews.example.com/x"}  # fmt: skip
        made = self.world.call("POST", "/locations", body, token=self.world.token(of))
        assert made.status == 201, made.text
        return str(made.json()["id"])

    def offer(self, **over: Any) -> Answer:
        return self.world.call("POST", f"/locations/{self.branch}/transfer", BODY | over)

    def offered(self) -> tuple[str, str]:
        """The row's id, and the token."""
        made = self.offer()
        assert made.status == 201, made.text
        self.drain()
        return str(made.json()["id"]), str(made.json()["token"])

    def look(self, token: str, who: str | None = None) -> Answer:
        return self.world.call("POST", "/location-transfers/preview", {"token": token}, token=who or self.theirs)

    def accept(self, token: str, who: str | None = None, **over: Any) -> Answer:
        body = {"token": token, "legal_entity_id": self.world.legal_entity(self.b)} | over
        return self.world.call("POST", "/location-transfers/accept", body, token=who or self.theirs)

    def withdraw(self, id: str, who: str | None = None) -> Answer:
        return self.world.call("POST", f"/location-transfers/{id}/withdraw", token=who)

    def row(self, id: str, who: str | None = None) -> Any:
        return self.world.call("GET", f"/location-transfers/{id}", token=who).json()

    def drain(self) -> None:
        runtime, queues = self.world.runtime, cast(FakeQueues, self.world.runtime.queues)
        while True:
            new = [one for one in self.world.store.events[self.heard :] if BULK in ROUTES[one["name"]]]
            self.heard = len(self.world.store.events)
            new += [message for queue, message in queues.sent if queue == BULK]
            queues.sent.clear()
            if not new:
                return
            for message in new:
                org = message.get("organization_id")
                work(bound(runtime, org) if org else runtime, message)
                if message.get("command") == "location_transfer.move" and queues.sent:
                    queues.sent.clear()  # the last look comes later

    def finish(self) -> None:
        self.drain()
        self.world.clock.move(minutes=4)
        for offer in every(self.world.store, TransferOffer, GLOBAL):
            work(self.world.runtime, {"command": "location_transfer.move", "subject": offer.id})
        self.drain()


@pytest.fixture
def desks() -> Desks:
    return Desks()


def audited(desks: Desks, org: str) -> list[str]:
    rows = every(desks.world.store, AuditRow, org, newest_first=False)
    return [row.action for row in rows if row.action.startswith("location")]


def test_a_branch_is_offered_seen_accepted_and_goes(desks: Desks) -> None:
    id, token = desks.offered()
    assert desks.row(id)["status"] == "offered"
    accepted = desks.accept(token)
    assert accepted.status == 202, accepted.text
    mine = accepted.json()
    assert (mine["side"], mine["status"], mine["other"]) == ("in", "accepted", "Bluebird")
    desks.finish()
    assert desks.row(id)["status"] == desks.row(mine["id"], desks.theirs)["status"] == "done"
    assert desks.row(id)["other"] == "Redbird"
    place = desks.world.call("GET", f"/locations/{mine['location_id']}", token=desks.theirs).json()
    assert (place["name"], place["status"], place["came_from"]) == ("Dallas", "active", "Bluebird")
    ready = desks.world.call("GET", f"/locations/{mine['location_id']}/readiness", token=desks.theirs).json()
    crm = next(check for check in ready["checks"] if check["name"] == "crm")
    assert crm["state"] == "missing"
    was = desks.world.call("GET", f"/locations/{desks.branch}").json()
    assert (was["status"], was["transferred_to"]) == ("archived", "Redbird")


def test_both_sides_see_what_there_is_before_they_agree(desks: Desks) -> None:
    desks.world.fill(desks.a, desks.branch, tag="dallas")
    id, token = desks.offered()
    preview = desks.row(id)["preview"]
    assert (preview["links"], preview["contacts"], preview["open_referrals"]) == (1, 1, 1)
    assert preview["unpaid_rewards"] == [{"count": 1, "amount": 2500, "currency": "USD"}]
    assert preview["discount_codes"] == [{"count": 1, "amount": 2500, "currency": "USD"}]
    seen = desks.look(token)
    assert seen.status == 200, seen.text
    assert seen.json()["preview"] == preview
    assert (seen.json()["branch"], seen.json()["owner_name"]) == ("Dallas", "Bluebird")
    assert seen.json()["policy"] == POLICY


def test_both_organizations_keep_who_did_what(desks: Desks) -> None:
    _, token = desks.offered()
    desks.accept(token)
    desks.finish()
    org_a, org_b = desks.a.organization_id, desks.b.organization_id
    assert sorted(set(audited(desks, org_a))) == [
        "location.created", "location.transferred", "location_transfer.accepted", "location_transfer.done",
        "location_transfer.offered",
    ]  # fmt: skip
    assert sorted(set(audited(desks, org_b))) == [
        "location.created", "location_transfer.accepted", "location_transfer.done",
    ]  # fmt: skip
    actors = {row.actor for row in every(desks.world.store, AuditRow, org_b) if row.action.endswith(".accepted")}
    assert actors == {desks.b.member_id}


def test_unknown_withdrawn_ended_and_taken_tokens_are_answered_alike(desks: Desks) -> None:
    unknown = desks.look("mrt_" + "a" * 40)
    id, token = desks.offered()
    assert desks.withdraw(id).status == 200
    told = [desks.look(token), desks.accept(token)]
    _, second = desks.offered()
    desks.world.clock.move(days=14)
    desks.theirs = desks.world.token(desks.b)
    told += [desks.look(second), desks.accept(second)]
    sweep_transfers(desks.world.runtime)
    desks.drain()
    _, third = desks.offered()
    assert desks.accept(third).status == 202
    told += [desks.look(third), desks.look("x"), desks.look("x" * 300)]
    assert {(one.status, one.text) for one in told} == {(404, unknown.text)}


def test_nobody_accepts_their_own_offer(desks: Desks) -> None:
    _, token = desks.offered()
    body = {"token": token, "legal_entity_id": desks.world.legal_entity(desks.a)}
    refused = desks.world.call("POST", "/location-transfers/accept", body)
    assert (refused.status, "your own offer" in refused.text) == (409, True)


def test_only_owners_offer_look_and_accept_and_admins_see_it(desks: Desks) -> None:
    id, token = desks.offered()
    admin, member = desks.world.token(role="admin"), desks.world.token(role="member")
    theirs = desks.world.token(desks.b, role="admin")
    answers = [
        desks.world.call("POST", f"/locations/{desks.branch}/transfer", BODY, token=admin),
        desks.withdraw(id, admin), desks.look(token, theirs), desks.accept(token, theirs),
    ]  # fmt: skip
    assert [one.status for one in answers] == [403] * 4
    assert desks.world.call("GET", f"/location-transfers/{id}", token=admin).status == 200
    assert desks.world.call("GET", f"/location-transfers/{id}", token=member).status == 403


def test_it_needs_a_sign_in_of_now_but_taking_it_back_does_not(desks: Desks) -> None:
    id, token = desks.offered()
    world = desks.world
    old = [
        world.token_of(
            get(world.store, Member, of.organization_id, of.member_id), world.clock.now() - timedelta(hours=1)
        )
        for of in (desks.a, desks.b)
    ]
    again = world.call("POST", f"/locations/{desks.branch}/transfer", BODY, token=old[0])
    assert [one.json()["code"] for one in (again, desks.accept(token, old[1]))] == ["sign_in_again"] * 2
    assert desks.withdraw(id, old[0]).status == 200


def test_accepting_twice_is_one_acceptance_and_a_second_organization_is_late(desks: Desks) -> None:
    _, token = desks.offered()
    first, again = desks.accept(token), desks.accept(token)
    assert first.json()["id"] == again.json()["id"]
    desks.finish()
    assert desks.accept(token).json()["status"] == "done"
    assert len(every(desks.world.store, LocationTransfer, desks.b.organization_id)) == 1


def test_a_payer_of_somebody_else_is_unknown(desks: Desks) -> None:
    _, token = desks.offered()
    answers = [desks.accept(token, legal_entity_id=id) for id in (desks.world.legal_entity(desks.a), "ent_unknown")]
    assert [one.status for one in answers] == [404, 404]
    assert desks.look(token).status == 200


def test_one_offer_at_a_time_and_it_may_be_made_again(desks: Desks) -> None:
    id, _ = desks.offered()
    assert desks.offer().status == 409
    assert desks.withdraw(id).json()["status"] == "withdrawn"
    assert desks.withdraw(id).status == 200
    second, token = desks.offered()
    assert second != id
    desks.accept(token)
    assert desks.withdraw(second).status == 409
    desks.finish()
    assert desks.offer().status == 422, "the branch is archived"


def test_an_offer_that_nobody_took_ends_by_itself(desks: Desks) -> None:
    id, _ = desks.offered()
    desks.world.clock.move(days=13)
    sweep_transfers(desks.world.runtime)
    desks.drain()
    assert desks.row(id)["status"] == "offered"
    desks.world.clock.move(days=1)
    sweep_transfers(desks.world.runtime)
    desks.drain()
    assert desks.row(id)["status"] == "expired"
    assert desks.offer().status == 201


def test_the_last_branch_and_a_crms_default_are_not_offered(desks: Desks) -> None:
    place = f"/locations/{desks.a.location_id}/transfer"
    refused = desks.world.call("POST", place, BODY)
    assert (refused.status, "another default location" in refused.text) == (409, True)
    only = f"/locations/{desks.b.location_id}/transfer"
    assert desks.world.call("POST", only, BODY, token=desks.theirs).status == 409


def test_a_branch_that_may_not_go_any_more_moves_nothing(desks: Desks) -> None:
    """Its owner made it a CRM's default after the offer: both sides are told, and it may be offered again."""
    id, token = desks.offered()
    version = desks.world.call("GET", f"/connections/{desks.a.connection_id}").json()["version"]
    body = {"version": version, "default_location_id": desks.branch}
    assert desks.world.call("PATCH", f"/connections/{desks.a.connection_id}", body).status == 200
    mine = desks.accept(token).json()
    desks.drain()
    assert desks.row(id)["status"] == desks.row(mine["id"], desks.theirs)["status"] == "refused"
    assert "another default location" in desks.row(id)["reason"]
    assert "CRM webhook" not in desks.row(mine["id"], desks.theirs)["reason"]
    assert desks.world.store.find(Location, desks.b.organization_id, mine["location_id"]) is None
    body = {"version": version + 1, "default_location_id": desks.a.location_id}
    assert desks.world.call("PATCH", f"/connections/{desks.a.connection_id}", body).status == 200
    assert desks.offer().status == 201


def test_an_owner_who_closes_sells_nothing(desks: Desks) -> None:
    id, token = desks.offered()
    org = get(desks.world.store, Organization, desks.a.organization_id, desks.a.organization_id)
    desks.world.call("POST", "/organization/close", {"reason": "we retire"})
    desks.accept(token)
    desks.drain()
    assert desks.row(id)["reason"] == "your organization is closing"
    assert org.status == "active"


def test_the_logo_goes_along(desks: Desks) -> None:
    desk = Desk(desks.world, desks.branch)
    shown = desk.confirm(desk.uploaded(PICTURES["image/png"])).json()["branding"]["logo_url"]
    _, token = desks.offered()
    place = desks.accept(token).json()["location_id"]
    desks.finish()
    ours = desks.world.call("GET", f"/locations/{place}", token=desks.theirs).json()["branding"]["logo_url"]
    assert ours is not None
    assert ours != shown
    files = cast(FakeFiles, desks.world.runtime.files)
    kept = [
        body for key, (body, _) in files.kept.items() if key.startswith(f"{desks.b.organization_id}/logos/{place}/")
    ]
    assert kept == [PICTURES["image/png"]]


def test_the_token_is_shown_once_and_kept_nowhere(desks: Desks) -> None:
    id, token = desks.offered()
    assert "token" not in desks.row(id)
    assert token not in str(desks.world.store.rows)
    assert token not in str(desks.world.store.events)
