"""From a vendor account to a provider that can be asked. The plugin is imported here, when it is called for."""

import json

from moref.kernel import plugins
from moref.kernel.errors import Retry
from moref.rewards.ports import Provider
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount


def connect(runtime: Runtime, organization_id: str, provider: str) -> Provider:
    """Raises Retry (account_missing, account_stopped, credentials): nothing was asked yet."""
    account = runtime.store.find(VendorAccount, organization_id, provider)
    if account is None:
        raise Retry("account_missing")
    if account.status != "active":
        raise Retry("account_stopped")
    try:
        sealed = runtime.vault.open(organization_id, f"vendor:{provider}", account.secret_ciphertext)
    except KeyError:
        raise Retry("credentials") from None
    base = json.loads(runtime.settings.vendor_urls).get(provider)
    client: Provider = plugins.load("moref.rewards.providers", provider).client(json.loads(sealed), base)
    return client
