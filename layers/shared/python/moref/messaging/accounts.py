"""Which plugin sends a message, and the credentials it is given."""

import json
from collections.abc import Callable
from typing import cast

from moref.kernel import plugins
from moref.kernel.errors import NeedsPerson
from moref.messaging.channels.base import Account, Channel
from moref.messaging.model import Message
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount

PACKAGE = "moref.messaging.channels"
ChannelOf = Callable[[Runtime, Message], Channel]


def plugin(name: str) -> Channel:
    """The plugin of that name. Raises NotFound."""
    return cast(Channel, plugins.load(PACKAGE, name))


def channel_of(runtime: Runtime, message: Message) -> Channel:
    """The plugin that has the message, or would be given it now: an account may be connected while messages wait."""
    if message.provider and message.status != "queued":
        return plugin(message.provider)
    return plugin(_ROUTES[message.channel](runtime, message.organization_id))


def account_of(runtime: Runtime, organization_id: str, plugin: Channel) -> Account:
    """The organization's own account at the vendor. Raises NeedsPerson when there is none, or it is stopped."""
    vendor = plugin.VENDOR_ACCOUNT
    if vendor is None:
        return Account()
    found = runtime.store.find(VendorAccount, organization_id, vendor)
    if found is None or found.status != "active":
        raise NeedsPerson(f"no active {vendor} account")
    secret = json.loads(runtime.vault.open(organization_id, f"vendor:{vendor}", found.secret_ciphertext))
    return Account(secret=secret, config=found.config, hook_token=found.hook_token)


def _email(runtime: Runtime, organization_id: str) -> str:
    """An organization that connected SendGrid sends by it; everybody else by the platform's SES."""
    own = runtime.store.find(VendorAccount, organization_id, "sendgrid")
    return "sendgrid" if own is not None and own.status == "active" else "ses"


_ROUTES: dict[str, Callable[[Runtime, str], str]] = {
    "sms": lambda *_: "twilio",
    "whatsapp": lambda *_: "whatsapp",
    "email": _email,
}
