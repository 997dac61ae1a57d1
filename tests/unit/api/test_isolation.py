"""Tenant A never reads, changes or infers anything of tenant B: every route of the table is tried with B's ids."""

from typing import Any

import pytest

from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from tests.unit.api.world import Answer, World

BODIES: dict[str, Any] = {
    "POST /v1/partners/{id}/suspend": {"reason": "no"},
    "POST /v1/partners/{id}/leads": {"first_name": "Fred", "phone": "+15125550188"},
    "PATCH /v1/crew-members/{id}": {"version": 1, "name": "Mine now"},
    "POST /v1/connections/{id}/test-event": {"event": {"type": "job.updated"}},
    "PATCH /v1/members/{id}": {"version": 1, "role": "admin"},
    "POST /v1/locations/{id}/logo": {"content_type": "image/png"},
    "POST /v1/locations/{id}/logo/confirm": {"version": 1, "upload_id": "upl_1"},
    "PATCH /v1/legal-entities/{id}": {"version": 1, "name": "Mine now"},
    "PATCH /v1/locations/{id}": {"version": 1, "name": "Mine now"},
    "POST /v1/locations/{id}/transfer": {"note": "sold to Redbird", "consents_continue": True},
    "PATCH /v1/connections/{id}": {"version": 1, "name": "Mine now"},
    "PATCH /v1/programs/{id}": {"version": 1, "name": "Mine now"},
    "POST /v1/conversions/{id}/approve": {},
    "POST /v1/conversions/{id}/reject": {"reason": "no"},
    "POST /v1/conversions/{id}/undo": {},
    "POST /v1/conversions/{id}/holds/close": {"rule": "velocity", "reason": "no"},
    "POST /v1/conversions/{id}/holds/reopen": {"rule": "velocity", "reason": "no"},
    "POST /v1/conversions/{id}/holds/appeal": {"rule": "velocity", "note": "no"},
    "POST /v1/programs/{id}/acceptances": {
        "advocate_id": "adv_1",
        "number": 1,
        "accepted_at": "2026-06-01T10:00:00Z",
        "source": "paper",
    },
    "POST /v1/programs/{id}/exceptions": {"advocate_id": "adv_1", "reason": "no"},
    "PATCH /v1/advocates/{id}": {"version": 1, "tier_group": "gold"},
    "PUT /v1/advocates/{id}/display-name": {"name": "A", "agreed_at": "2026-06-01T10:00:00Z", "source": "phone"},
    "PATCH /v1/budgets/{id}": {"version": 1, "amount": 1},
    "POST /v1/rewards/{id}/mark": {"status": "redeemed", "reason": "no"},
    "POST /v1/rewards/{id}/debt": {"reason": "no"},
    "POST /v1/rewards/{id}/debt/release": {"reason": "no"},
    "POST /v1/discount-codes/{id}/redeem": {"price": 100},
    "POST /v1/payouts/{id}/cancel": {"reason": "no"},
    "POST /v1/payouts/{id}/new-address": {"email": "ann@new.example"},
    "POST /v1/payouts/{id}/new-address/confirm": {"code": "123456"},
    "POST /v1/jobs/{id}/attribute": {"advocate_id": "adv_1", "reason": "no"},
    "POST /v1/referrals/{id}/remove": {"reason": "no"},
    "POST /v1/contacts/{id}/merge": {"into": "ctc_2", "reason": "no"},
    "POST /v1/unmatched-sources/{id}/attribute": {"advocate_id": "adv_1", "reason": "no"},
    "POST /v1/unmatched-sources/{id}/dismiss": {"reason": "no"},
    "POST /v1/disputes/{id}/accept": {"reason": "no", "referred_at": "2026-06-01T10:00:00Z"},
    "POST /v1/disputes/{id}/reject": {"reason": "no"},
    "POST /v1/advocates/{id}/links": {"location_id": "loc"},
    "POST /v1/advocates/{id}/goodwill": {
        "amount": 500,
        "currency": "USD",
        "reason": "our mistake",
        "location_id": "loc",
    },
    "POST /v1/goodwill/{id}/withdraw": {"reason": "given twice"},
    "PUT /v1/connections/{id}/consent-attestation": {"version": 1, "text": "I agree to get texts"},
    "PATCH /v1/contacts/{id}": {"version": 1, "language": "es"},
    "POST /v1/contacts/{id}/opt-out": {"channels": ["sms"], "reason": "said so on the phone"},
    "POST /v1/contacts/{id}/opt-in": {
        "channel": "sms",
        "consent_text": "I agree to get texts",
        "source": "call",
        "at": "2026-06-01T15:00:00Z",
    },
    "POST /v1/messages/{id}/read": {"opt_out": True},
    "POST /v1/feedback/{id}/sentiment": {"version": 1, "sentiment": "negative", "reason": "irony"},
    "POST /v1/contacts/{id}/erase": {"reason": "they wrote to us"},
    "POST /v1/do-not-contact/{id}/lift": {"reason": "their new address"},
    "PATCH /v1/vendor-accounts/{id}": {"version": 1, "status": "stopped"},
    "PUT /v1/senders/{id}": {"version": 1, "states": {"brand": "active"}},
    "PUT /v1/templates/{id}": {"version": 1, "wordings": {}},
    "PATCH /v1/templates/{id}": {"version": 1, "name": "Mine now"},
    "POST /v1/templates/{id}/revert": {"version": 1},
    "POST /v1/templates/{id}/lint": {"wordings": {}},
    "POST /v1/templates/{id}/render": {},
    "POST /v1/templates/{id}/test-send": {},
    "PATCH /v1/campaigns/{id}": {"version": 1, "name": "Mine now"},
    "PUT /v1/campaigns/{id}/definition": {
        "version": 1,
        "definition": {"trigger": {"kind": "job_completed"}, "first": "end", "steps": {"end": {"kind": "stop"}}},
    },
    "POST /v1/campaigns/{id}/revert": {"version": 1},
    "POST /v1/campaigns/{id}/archive": {},
    "POST /v1/campaigns/{id}/preview": {"contact_id": "ctc_1"},
    "POST /v1/campaigns/{id}/test-send": {},
    "POST /v1/jobs/{id}/send-now": {},
    "POST /v1/enrollments/{id}/stop": {"reason": "asked us to"},
    "POST /v1/senders/{id}/resume": {"version": 1, "reason": "registered anew"},
}
# Named by the organization's own words, not by a tenant's id.
BOOKKEEPING = ("idempotency_key", "call_minute")  # of the calls themselves
NO_TENANTS_ID = {"PUT /v1/switches/{id}", "DELETE /v1/switches/{id}", "PUT /v1/ad-spend/{id}"}
WITH_ID = [each for each in OPERATIONS if "{id}" in each.path and each.route not in NO_TENANTS_ID]
LISTS = [each for each in OPERATIONS if "cursor" in each.query]


def resource(operation: Operation) -> str:
    return operation.path.removeprefix("/v1/").partition("/{id}")[0]


def snapshot(world: World) -> dict[Any, Any]:
    return {key: row["version"] for key, row in world.store.rows.items() if row["noun"] not in BOOKKEEPING}


def told(answer: Answer) -> tuple[int, dict[str, str], str]:
    """The whole answer but for the count of the caller's own calls."""
    return answer.status, {**answer.headers, "ratelimit": ""}, answer.text


@pytest.mark.parametrize("operation", WITH_ID, ids=lambda operation: operation.route)
def test_another_tenants_id_is_answered_exactly_as_an_unknown_one(world: World, operation: Operation) -> None:
    theirs = world.fill(world.b)[resource(operation)]
    before = snapshot(world)
    answers = [
        world.call(
            operation.method,
            operation.path.removeprefix("/v1").replace("{id}", id),
            BODIES.get(operation.route),
            key=f"key-{place}",
        )
        for place, id in enumerate((theirs, "unknown_" + "x" * (len(theirs) - 8)))
    ]
    assert told(answers[0]) == told(answers[1])
    assert answers[0].status == 404
    assert theirs not in answers[0].text
    assert snapshot(world) == before


def test_every_operation_with_a_body_has_one_here() -> None:
    assert {each.route for each in WITH_ID if each.body is not None} == BODIES.keys()


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.route)
def test_a_list_shows_nothing_of_another_tenant(world: World, operation: Operation) -> None:
    theirs = world.fill(world.b)[resource(operation)]
    path = operation.path.removeprefix("/v1")
    assert theirs not in world.call("GET", path).text
    for name in operation.query.keys() & {"location_id", "contact_id", "advocate_id", "referral_id", "reward_id"}:
        foreign = world.call("GET", f"{path}?{name}={world.b.location_id}")
        unknown = world.call("GET", f"{path}?{name}=unknown")
        assert told(foreign) == told(unknown)
        assert foreign.json()["items"] == []


def test_a_location_cannot_take_another_tenants_payer(world: World) -> None:
    body = {
        "name": "Sneaky", "legal_entity_id": world.legal_entity(world.b), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    assert world.call("POST", "/locations", body).status == 404


def test_a_program_cannot_name_another_tenants_location(world: World) -> None:
    body = {"name": "P", "tiers": [{"at": 1, "amount": 100}], "location_id": world.b.location_id}
    assert world.call("POST", "/programs", body).status == 404


def test_an_advocates_link_cannot_be_made_for_another_tenants_location(world: World) -> None:
    mine = world.fill(world.a)["advocates"]
    assert world.call("POST", f"/advocates/{mine}/links", {"location_id": world.b.location_id}).status == 404


def test_a_stop_switch_stops_the_callers_organization_only(world: World) -> None:
    world.call("PUT", "/switches/payouts", {"reason": "audit"})
    assert world.call("GET", "/switches", token=world.token(world.b)).json()["items"][0]["stopped"] is False


def test_a_range_replay_reaches_the_callers_inbox_only(world: World) -> None:
    world.fill(world.b)
    body = {"since": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
    assert world.call("POST", "/inbox/replay", body).json() == {"replayed": [], "more": False}


def test_ids_that_could_bend_a_key_are_unknown(world: World) -> None:
    world.fill(world.b)
    for id in (
        "%23",
        f"..%2F{world.b.location_id}",
        f"x%23location%23{world.b.location_id}",
        "a" * 129,
        "%00",
        "%C3%A9",
    ):
        assert world.call("GET", f"/locations/{id}").status == 404, id


def test_a_member_of_one_branch_sees_nothing_of_another(world: World) -> None:
    body = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    dallas = world.call("POST", "/locations", body).json()["id"]
    theirs, own = world.fill(world.a, tag="austin"), world.fill(world.a, dallas, tag="dallas")
    token = world.token(role="admin", locations=[dallas])
    for path in (
        "contacts",
        "jobs",
        "advocates",
        "links",
        "crew-members",
        "referrals",
        "conversions",
        "rewards",
        "payouts",
        "messages",
        "leads",
        "ledger/entries",
        "feedback",
        "senders",
        "enrollments",
        "tasks",
    ):
        items = world.call("GET", f"/{path}", token=token).json()["items"]
        assert [item["id"] for item in items] == [own[path]], path
        assert world.call("GET", f"/{path}/{theirs[path]}", token=token).status == 404
        assert world.call("GET", f"/{path}/{own[path]}", token=token).status == 200
    assert [item["id"] for item in world.call("GET", "/locations", token=token).json()["items"]] == [dallas]
    approve = world.call("POST", f"/conversions/{theirs['conversions']}/approve", {}, token=token, key="k")
    assert approve.status == 404
    for path in ("/inbox", "/ledger/balances", "/members", "/audit", "/do-not-contact", "/do-not-contact/export"):
        assert world.call("GET", path, token=token).status == 403
    assert world.call("PUT", "/switches/payouts", {"reason": "mine"}, token=token).status == 403
