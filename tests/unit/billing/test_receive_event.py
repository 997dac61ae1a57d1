"""An event says whose subscription to look at: signed, stored once, and believed in nothing else."""

import json
from typing import Any

import pytest

from moref.billing.account import PLATFORM, StripeAccount, connect, save_account
from moref.billing.receive_event import HEARD, receive
from moref.intake.model import InboxEvent
from moref.isolation import bound
from moref.kernel.clock import iso
from moref.kernel.errors import Malformed, Retry
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BILLING, PLATFORM_HOOK
from moref.records import get
from moref.tenants.model import Hook
from tests.unit.billing.world import World

FORM = StripeAccount(api_key="sk_test_platform", webhook_secret="whsec_first")


@pytest.fixture
def world() -> World:
    world = World()
    save_account(world.runtime, FORM, actor="operator:kim")
    world.open()
    world.sent.clear()
    return world


def told(world: World, kind: str = "invoice.paid", **over: Any) -> str | None:
    about = {"object": "invoice", "customer": f"cus_{world.org}"} | over.pop("about", {})
    event = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": about}} | over
    return read(world, json.dumps(event).encode())


def read(world: World, body: bytes) -> str | None:
    now = world.clock.now()
    row = InboxEvent(
        organization_id=PLATFORM, id="inb_1", created_at=now, updated_at=now, source="stripe", connection_id="stripe",
        event_id="evt_1", headers={}, body="",
    )  # fmt: skip
    return receive(bound(world.runtime, PLATFORM), row, body)


@pytest.mark.parametrize("kind", sorted(HEARD))
def test_every_event_about_a_subscription_leads_to_one_look_at_that_organization(world: World, kind: str) -> None:
    assert told(world, kind) is None
    assert world.sent == [(BILLING, {"command": "refresh", "organization_id": world.org})]


@pytest.mark.parametrize(
    "over",
    [
        {"kind": "charge.refunded"}, {"kind": 7}, {"about": {"customer": "cus_of_another_product"}},
        {"about": {"customer": None}}, {"about": {"customer": "a#b"}}, {"about": {"customer": {"id": "x"}}},
        {"livemode": True}, {"livemode": None}, {"account": "acct_connected"}, {"object": "v2.core.event"},
        {"data": "none"}, {"data": {"object": []}},
    ],
)  # fmt: skip
def test_events_of_other_products_accounts_and_modes_are_ignored(world: World, over: dict[str, Any]) -> None:
    assert told(world, **over)
    assert world.sent == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000])
def test_what_cannot_be_read_is_put_aside(world: World, body: bytes) -> None:
    with pytest.raises(Malformed):
        read(world, body)


def test_several_webhook_secrets_are_in_force_while_one_is_rolled(world: World) -> None:
    assert save_account(world.runtime, FORM, actor="operator:kim") == "/hooks/stripe/platform"
    for secret in ("whsec_second", "whsec_third"):
        form = StripeAccount(api_key="sk_test_platform", webhook_secret=secret)
        save_account(world.runtime, form, actor="operator:kim")
    hook = get(world.store, Hook, GLOBAL, PLATFORM_HOOK)
    opened = [json.loads(world.runtime.vault.open(PLATFORM, "vendor:stripe", one)) for one in hook.secret_ciphertexts]
    assert [one["webhook_secret"] for one in opened] == ["whsec_third", "whsec_second", "whsec_first"]
    assert (hook.owner_id, hook.source) == (PLATFORM, "stripe")
    assert (hook.previous_until or "") > iso(world.clock.now())


def test_without_an_account_nothing_is_asked() -> None:
    with pytest.raises(Retry, match="not_connected"):
        connect(World().runtime)
