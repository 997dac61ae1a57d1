"""Which plugin sends a channel's messages, and the credentials it is given."""

import json
from collections.abc import Callable
from typing import cast

from moref.kernel import plugins
from moref.kernel.errors import NeedsPerson
from moref.messaging import model
from moref.messaging.channels.base import Account, Channel
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount

PLUGINS: dict[model.Channel, str] = {"sms": "twilio", "email": "ses"}
ChannelOf = Callable[[model.Channel], Channel]


def channel_of(channel: model.Channel) -> Channel:
    return cast(Channel, plugins.load("moref.messaging.channels", PLUGINS[channel]))


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
