"""The printed table of permissions is the enforced one, and what can hurt most needs a fresh sign-in."""

from datetime import timedelta

from moref.api.permissions import table
from moref.api.routes import OPERATIONS
from moref.records import get
from moref.tenants.model import Member
from tests.unit.api.world import World

# Credentials and secrets, who belongs and who pays, where money and leads go, what cannot be taken back.
SENSITIVE = {
    "POST /v1/invitations", "POST /v1/invitations/{id}/resend", "PATCH /v1/members/{id}", "DELETE /v1/members/{id}",
    "POST /v1/api-keys", "PUT /v1/vendor-accounts/twilio", "PUT /v1/vendor-accounts/sendgrid",
    "PUT /v1/vendor-accounts/tremendous", "POST /v1/connections/generic", "POST /v1/connections/smartmoving",
    "PATCH /v1/connections/{id}", "POST /v1/connections/{id}/rotate-secret",
    "PUT /v1/connections/{id}/consent-attestation", "POST /v1/legal-entities", "PATCH /v1/legal-entities/{id}",
    "POST /v1/programs", "PATCH /v1/programs/{id}", "POST /v1/budgets", "PATCH /v1/budgets/{id}",
    "POST /v1/payouts/{id}/cancel", "POST /v1/payouts/{id}/new-address", "POST /v1/rewards/{id}/mark",
    "POST /v1/rewards/{id}/debt/release", "POST /v1/advocates/{id}/goodwill", "POST /v1/goodwill/{id}/approve",
    "POST /v1/goodwill/approve",
    "POST /v1/ledger/closed-months", "POST /v1/do-not-contact/{id}/lift", "DELETE /v1/switches/{id}",
    "POST /v1/locations/{id}/transfer", "POST /v1/location-transfers/accept",
}  # fmt: skip
# What stops something must never wait for a code from a mailbox.
BRAKES = {
    "PUT /v1/switches/{id}", "DELETE /v1/api-keys/{id}", "POST /v1/invitations/{id}/withdraw",
    "PATCH /v1/vendor-accounts/{id}", "POST /v1/contacts/{id}/opt-out", "POST /v1/campaigns/{id}/pause",
    "POST /v1/location-transfers/{id}/withdraw",
}  # fmt: skip


def test_the_sensitive_acts_need_a_fresh_sign_in_and_the_brakes_do_not() -> None:
    fresh = {each.route for each in OPERATIONS if each.fresh}
    assert fresh >= SENSITIVE
    assert {each.route for each in OPERATIONS} - fresh >= BRAKES


def test_each_of_them_refuses_an_old_sign_in_and_changes_nothing(world: World) -> None:
    owner = get(world.store, Member, world.a.organization_id, world.a.member_id)
    old = world.token_of(owner, world.clock.now() - timedelta(minutes=15))
    before = {key: row["version"] for key, row in world.store.rows.items() if row["noun"] != "call_minute"}
    for operation in (each for each in OPERATIONS if each.fresh and each.access == "member"):
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        answer = world.call(operation.method, path, {}, token=old, key="k")
        assert (answer.status, answer.json()["code"]) == (403, "sign_in_again"), operation.route
    assert {key: row["version"] for key, row in world.store.rows.items() if row["noun"] != "call_minute"} == before


def test_the_table_is_published_and_printed(world: World) -> None:
    published = world.call("GET", "/openapi.json", token="").json()["x-permissions"]
    assert published == table()
    assert [row["operation"] for row in published] == [each.route for each in OPERATIONS]
    page = world.call("GET", "/docs", token="").text
    section = page[page.index('<section id="permissions">') :]
    assert section.count("<tr>") > len(OPERATIONS)


def test_audit_is_listed_by_subject_actor_and_action(world: World) -> None:
    world.call("PUT", "/switches/sends", {"reason": "x"})
    world.call("PUT", "/switches/payouts", {"reason": "x"}, token=world.token(role="admin"))
    world.call("DELETE", "/switches/sends")

    def found(query: str) -> list[tuple[str, str]]:
        items = world.call("GET", f"/audit?{query}").json()["items"]
        return [(item["action"], item["subject"]) for item in items]

    assert found("subject=sends") == [("switch.released", "sends"), ("switch.stopped", "sends")]
    assert set(found("action=switch.stopped")) == {("switch.stopped", "sends"), ("switch.stopped", "payouts")}
    assert found("actor=mem_admin_0") == [("switch.stopped", "payouts")]
    assert found("actor=nobody") == []
    assert found("action=switch.stopped&created_since=2099-01-01T00:00:00Z") == []
    refused = world.call("GET", "/audit?actor=a&action=b")
    assert refused.status == 422


def test_audit_can_be_neither_changed_nor_taken_away() -> None:
    assert {each.method for each in OPERATIONS if each.path.startswith("/v1/audit")} == {"GET"}
