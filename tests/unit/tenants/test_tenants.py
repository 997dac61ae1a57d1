"""Onboarding, vendor accounts, secrets, addresses and switches beneath the API."""

import json
from datetime import timedelta

import pytest

from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from moref.kernel.keys import GLOBAL
from moref.programs.model import Program
from moref.records import get
from moref.tenants.connect_vendor import connect_vendor
from moref.tenants.model import Connection, Hook, Location, Member, VendorAccount
from moref.tenants.onboard import onboard
from moref.tenants.rotate_secret import rotate_secret
from moref.tenants.switches import set_switch, stopped
from moref.tenants.urls import web_address
from moref.tenants.vendor_forms import TremendousAccount, TwilioAccount
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.runtime import fake_runtime
from tests.unit.tenants.world import branch, opened, organization


def test_onboarding_makes_what_the_first_job_needs() -> None:
    runtime = fake_runtime()
    made = opened(runtime, lead_url="https://crm.example.com/leads")
    hook = get(runtime.store, Hook, GLOBAL, made.hook_token)
    assert (hook.owner_id, hook.source, hook.connection_id) == (
        made.organization_id, "crm:generic", made.connection_id,
    )  # fmt: skip
    assert runtime.vault.open(made.organization_id, "webhook", hook.secret_ciphertexts[0]).decode() == made.secret
    assert made.secret.startswith("whsec_")
    assert get(runtime.store, Member, made.organization_id, made.member_id).role == "owner"
    assert get(runtime.store, Location, made.organization_id, made.location_id).legal_entity_id.startswith("ent_")
    tiers = get(runtime.store, Program, made.organization_id, made.program_id).tiers
    assert [(tier.at, tier.amount) for tier in tiers] == [(1, 2500), (3, 5000), (5, 10000)]


def test_onboarding_again_finds_the_same_organization_token_and_secret() -> None:
    runtime = fake_runtime()
    first = opened(runtime)
    rows = dict(runtime.store.rows)  # type: ignore[attr-defined]
    assert onboard(runtime, organization()) == first
    assert runtime.store.rows == rows  # type: ignore[attr-defined]


def test_a_crash_at_either_point_of_onboarding_leaves_all_or_nothing() -> None:
    for point in (1, 2):
        store = MemoryStore()
        runtime = fake_runtime(store)
        store.crash_at = point
        with pytest.raises(Crash):
            opened(runtime)
        assert bool(store.rows) is (point == 2)
        assert opened(runtime).hook_token


def test_an_address_that_is_not_public_is_refused_before_anything_is_written() -> None:
    runtime = fake_runtime(stage="prod")
    with pytest.raises(BadInput):
        opened(runtime, lead_url="http://127.0.0.1/leads")
    with pytest.raises(BadInput):
        opened(runtime, location=branch(review_url="https://localhost/"))
    assert not runtime.store.rows  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "//example.com/", "example.com", "javascript:alert(1)",
        "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/", "https:///path",
        "https://localhost/", "https://a.localhost/", "https://printer.local/", "https://db.internal/",
        "https://intranet/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0177.0.0.1/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[fd00::1]/", "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://100.64.0.1/", "https://example.com:0/",
        "https://example.com:99999/", "https://exa mple.com/", "https://example.com\\@evil.test/",
        "https://example.com/\r\nx", "https://ex\u00e4mple.com/", "https://example\uff0ecom/", "https://-a.com/",
        "https://example.com./", "https://a..com/", "https://" + "a" * 2000 + ".com/", "https://127.0.0.1.nip.io@x/",
        "http://127.0.0.1:4601/crm/leads", "http://localhost:1/", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_https_are_refused(url: str) -> None:
    with pytest.raises(BadInput):
        web_address(url, stage="prod", field="lead_url")


def test_public_addresses_pass_and_loopback_does_in_the_local_stage_only() -> None:
    for url in (
        "https://example.com",
        "https://crm.example.com:8443/leads?a=1&b=2",
        "https://8.8.8.8/x",
        "https://xn--exmple-cua.com/",
    ):
        assert web_address(url, stage="prod", field="f") == url
    for url in ("http://127.0.0.1:4601/crm/leads", "http://localhost/x", "http://[::1]:80/"):
        assert web_address(url, stage="local", field="f") == url
        for stage in ("dev", "prod"):
            with pytest.raises(BadInput):
                web_address(url, stage=stage, field="f")
    for url in ("http://user@127.0.0.1/", "http://127.0.0.1.example.com/", "http://127.0.0.2/", "http://10.0.0.1/"):
        with pytest.raises(BadInput):
            web_address(url, stage="local", field="f")


def test_vendor_accounts_are_sealed_for_their_tenant_and_purpose_and_keep_their_hook() -> None:
    runtime = fake_runtime()
    made = opened(runtime)
    org = made.organization_id
    form = TremendousAccount(api_key="TEST_key_one", webhook_secret="hook-secret", funding_source_id="BALANCE")
    first = connect_vendor(runtime, org, form, actor=made.member_id)
    assert "TEST_key" not in json.dumps(first.model_dump(mode="json"))
    opened_secret = json.loads(runtime.vault.open(org, "vendor:tremendous", first.secret_ciphertext))
    assert opened_secret == {"api_key": "TEST_key_one", "webhook_secret": "hook-secret"}
    again = connect_vendor(runtime, org, form.model_copy(update={"api_key": "TEST_key_two"}), actor=made.member_id)
    assert again.hook_token == first.hook_token
    hook = get(runtime.store, Hook, GLOBAL, again.hook_token)
    assert (hook.owner_id, hook.source, hook.secret_ciphertexts) == (org, "tremendous", [again.secret_ciphertext])
    twilio = connect_vendor(
        runtime, org, TwilioAccount(account_sid="AC" + "0" * 32, auth_token="t" * 32), actor=made.member_id
    )
    assert twilio.config == {"account_sid": "AC" + "0" * 32}
    assert get(runtime.store, VendorAccount, org, "twilio").hook_token != again.hook_token


def test_after_a_rotation_both_secrets_hold_for_a_day() -> None:
    runtime = fake_runtime()
    made = opened(runtime)
    secret = rotate_secret(runtime, made.organization_id, made.connection_id, actor=made.member_id)
    hook = get(runtime.store, Hook, GLOBAL, made.hook_token)
    held = [runtime.vault.open(made.organization_id, "webhook", one).decode() for one in hook.secret_ciphertexts]
    assert held == [secret, made.secret]
    assert secret != made.secret
    assert hook.previous_until == iso(runtime.clock.now() + timedelta(hours=24))
    connection = get(runtime.store, Connection, made.organization_id, made.connection_id)
    assert runtime.vault.open(made.organization_id, "webhook", connection.secret_ciphertext).decode() == secret


def test_a_switch_of_the_platform_stops_everybody_and_one_of_a_tenant_only_itself() -> None:
    runtime = fake_runtime()
    store, now = runtime.store, runtime.clock.now()
    assert stopped(store, "org_a", "payouts") is None
    set_switch(store, now, "org_a", "payouts", stop=True, reason="audit", by="mem_1")
    assert (stopped(store, "org_a", "payouts"), stopped(store, "org_b", "payouts")) == ("audit", None)
    assert stopped(store, "org_a", "sends") is None
    set_switch(store, now, GLOBAL, "payouts", stop=True, reason="incident", by="platform")
    assert (stopped(store, "org_a", "payouts"), stopped(store, "org_b", "payouts")) == ("incident", "incident")
    set_switch(store, now, GLOBAL, "payouts", stop=False, reason="over", by="platform")
    assert (stopped(store, "org_a", "payouts"), stopped(store, "org_b", "payouts")) == ("audit", None)
