"""Accounts at outside systems, connected through the API: sealed, with a webhook address, replaced and stopped."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.tenants.model import Hook, VendorAccount
from tests.unit.api.world import World

_PUBLIC = generate_private_key(SECP256R1()).public_key()
KEY = base64.b64encode(_PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
SENDGRID = {"api_key": "SG.a-key-of-sendgrid", "verification_key": KEY, "from_email": "hello@bluebird.example.com"}
TWILIO = {
    "account_sid": "AC" + "a" * 32,
    "auth_token": "t" * 32,
    "whatsapp_sender": "+15125550100",
    "whatsapp_templates": {"ask": {"sid": "HX" + "b" * 32, "fields": ["first_name", "company", "link"]}},
}


def test_an_account_is_connected_shown_without_its_secrets_and_has_a_webhook_address(world: World) -> None:
    made = world.call("PUT", "/vendor-accounts/sendgrid", SENDGRID)
    assert made.status == 200
    shown = made.json()
    assert shown["config"] == {
        "from_email": "hello@bluebird.example.com", "region": "global", "click_tracking": "no",
    }  # fmt: skip
    assert "SG.a-key" not in made.text
    account = get(world.store, VendorAccount, world.a.organization_id, "sendgrid")
    assert shown["hook_url"].endswith(f"/hooks/sendgrid/{account.hook_token}")
    hook = get(world.store, Hook, GLOBAL, account.hook_token)
    assert (hook.owner_id, hook.source, hook.status) == (world.a.organization_id, "sendgrid", "active")
    member = world.call("GET", "/vendor-accounts/sendgrid", token=world.token(role="member"))
    assert (member.status, member.json()["hook_url"]) == (200, None)


def test_whatsapps_approved_templates_are_part_of_twilios_account(world: World) -> None:
    assert world.call("PUT", "/vendor-accounts/twilio", TWILIO).status == 200
    account = get(world.store, VendorAccount, world.a.organization_id, "twilio")
    assert account.config["content.ask"] == "HX" + "b" * 32 + " first_name company link"
    assert account.config["whatsapp_sender"] == "+15125550100"


def test_replacing_the_credentials_keeps_the_webhook_address(world: World) -> None:
    first = world.call("PUT", "/vendor-accounts/sendgrid", SENDGRID).json()
    again = world.call("PUT", "/vendor-accounts/sendgrid", SENDGRID | {"api_key": "SG.another-key-00"}).json()
    assert again["hook_url"] == first["hook_url"]
    account = get(world.store, VendorAccount, world.a.organization_id, "sendgrid")
    sealed = account.secret_ciphertext
    opened = json.loads(world.runtime.vault.open(world.a.organization_id, "vendor:sendgrid", sealed))
    assert opened == {"api_key": "SG.another-key-00", "verification_key": KEY}


def test_a_stopped_account_lets_no_webhook_in_until_it_is_taken_up_again(world: World) -> None:
    made = world.call("PUT", "/vendor-accounts/sendgrid", SENDGRID).json()
    for status in ("stopped", "active"):
        body = {"version": made["version"], "status": status}
        made = world.call("PATCH", "/vendor-accounts/sendgrid", body).json()
        assert made["status"] == status
        token = made["hook_url"].rpartition("/")[2]
        assert get(world.store, Hook, GLOBAL, token).status == status
    assert world.call("PATCH", "/vendor-accounts/sendgrid", {"version": 1, "status": "stopped"}).status == 409


@pytest.mark.parametrize(
    ("vendor", "wrong", "field"),
    [
        ("sendgrid", {"verification_key": KEY[:-4]}, "verification_key"),
        ("sendgrid", {"api_key": "not a key"}, "api_key"),
        ("sendgrid", {"from_email": "nobody"}, "from_email"),
        ("twilio", {"account_sid": "AC1"}, "account_sid"),
        ("twilio", {"whatsapp_templates": {"ask": {"sid": "x"}}}, "whatsapp_templates"),
    ],
)
def test_what_is_no_credential_is_refused_by_its_field(
    world: World, vendor: str, wrong: dict[str, Any], field: str
) -> None:
    credentials: dict[str, dict[str, Any]] = {"sendgrid": {**SENDGRID}, "twilio": TWILIO}
    body = credentials[vendor] | wrong
    answer = world.call("PUT", f"/vendor-accounts/{vendor}", body)
    assert answer.status == 422
    assert field in answer.text
    assert world.store.find(VendorAccount, world.a.organization_id, vendor) is None


def test_only_owners_connect_and_no_stranger_vendor_is_taken(world: World) -> None:
    assert world.call("PUT", "/vendor-accounts/sendgrid", SENDGRID, token=world.token(role="admin")).status == 403
    assert world.call("PUT", "/vendor-accounts/mailgun", SENDGRID).status in (404, 405)
