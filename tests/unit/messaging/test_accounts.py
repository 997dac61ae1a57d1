"""Which plugin a message is given to, and that its outcome is asked of whoever has it."""

from typing import Any

import pytest

from moref.messaging.accounts import account_of, channel_of, plugin
from moref.messaging.model import Message
from moref.records import Create
from moref.tenants.model import VendorAccount
from tests.unit.messaging.world import ORG, World, world


def connected(it: World, status: str = "active") -> None:
    now = it.clock.now()
    sealed = it.runtime.vault.seal(ORG, "vendor:sendgrid", b'{"api_key": "SG.x"}')
    fields: Any = {"organization_id": ORG, "created_at": now, "updated_at": now, "status": status}
    account = VendorAccount(**fields, id="sendgrid", vendor="sendgrid", secret_ciphertext=sealed, hook_token="t")
    it.store.commit(Create(account))


def message(it: World, **fields: Any) -> Message:
    return it.message(it.plan()).changed(it.clock.now(), **fields)


@pytest.mark.parametrize(("status", "name"), [(None, "ses"), ("active", "sendgrid"), ("stopped", "ses")])
def test_email_goes_by_sendgrid_where_the_organization_has_an_active_account(status: str | None, name: str) -> None:
    it = world()
    if status is not None:
        connected(it, status)
    assert getattr(channel_of(it.runtime, message(it, channel="email")), "NAME", None) == name


@pytest.mark.parametrize(("channel", "name"), [("sms", "twilio"), ("whatsapp", "whatsapp")])
def test_texts_and_whatsapp_go_by_twilio(channel: str, name: str) -> None:
    it = world()
    found = channel_of(it.runtime, message(it, channel=channel))
    assert name == found.NAME
    assert found.VENDOR_ACCOUNT == "twilio"
    assert account_of(it.runtime, ORG, found).secret == {"auth_token": "12345"}


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_what_a_provider_may_have_is_asked_of_that_provider_whatever_was_connected_since(status: str) -> None:
    it = world()
    connected(it)
    taken = message(it, channel="email", status=status, provider="ses")
    assert channel_of(it.runtime, taken).NAME == "ses"
    assert channel_of(it.runtime, taken.changed(it.clock.now(), status="queued")).NAME == "sendgrid"


def test_a_message_remembers_who_took_it() -> None:
    it = world(consents=[])
    id = it.plan()
    it.pump()
    assert it.message(id).provider == "ses"


def test_the_platforms_own_account_has_no_secret() -> None:
    assert account_of(world().runtime, ORG, plugin("ses")).secret == {}
