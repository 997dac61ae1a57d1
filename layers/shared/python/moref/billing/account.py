"""The platform's own account at the processor: kept sealed, opened for each use."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import Field

from moref.billing.model import PlatformAccount
from moref.billing.ports import Processor
from moref.kernel import plugins
from moref.kernel.clock import iso
from moref.kernel.errors import Retry
from moref.kernel.keys import GLOBAL
from moref.kernel.names import PLATFORM_HOOK
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import Form
from moref.tenants.model import Hook

PROCESSORS = "moref.billing.processors"
STRIPE = "stripe"
PLATFORM = "platform"  # in place of an organization: what the platform is told of itself
OVERLAP = timedelta(hours=24)
MOST_SECRETS = 3  # of webhooks, that the door tries

Connect = Callable[[Runtime], Processor]


class StripeAccount(Form):
    """A restricted key is enough: it writes customers, checkout and portal sessions and subscriptions, and reads
    prices."""

    api_key: str = Field(pattern=r"^(sk|rk)_(test|live)_[A-Za-z0-9_]{4,300}$")
    webhook_secret: str = Field(pattern=r"^whsec_[A-Za-z0-9_+/=]{4,300}$")


def connect(runtime: Runtime) -> Processor:
    """Raises Retry("not_connected") until an operator has named the account."""
    account = runtime.store.find(PlatformAccount, GLOBAL, STRIPE)
    if account is None:
        raise Retry("not_connected")
    secret = json.loads(runtime.vault.open(PLATFORM, _purpose(), account.secret_ciphertext))
    base = json.loads(runtime.settings.vendor_urls).get(STRIPE)
    found: Processor = plugins.load(PROCESSORS, STRIPE).client(secret["api_key"], base)
    return found


def save_account(runtime: Runtime, form: StripeAccount, *, actor: str) -> str:
    """The path of its webhooks. Webhook secrets until now are accepted for another 24 hours: rotate at leisure.

    Raises Conflict when two save at once.
    """
    now = runtime.clock.now()
    sealed = runtime.vault.seal(PLATFORM, _purpose(), form.model_dump_json().encode())
    fields: dict[str, Any] = {"secret_ciphertext": sealed, "live": "_live_" in form.api_key}
    audit = audited(now, PLATFORM, actor, "platform_account.saved", STRIPE)
    runtime.store.commit(*_account(runtime, fields), *_hook(runtime, sealed), audit)
    return f"/hooks/{STRIPE}/{PLATFORM_HOOK}"


def is_live(runtime: Runtime) -> bool:
    return get(runtime.store, PlatformAccount, GLOBAL, STRIPE).live


def _account(runtime: Runtime, fields: dict[str, Any]) -> list[Write]:
    now, before = runtime.clock.now(), runtime.store.find(PlatformAccount, GLOBAL, STRIPE)
    if before is not None:
        return [Change(before, before.changed(now, **fields))]
    return [Create(PlatformAccount(organization_id=GLOBAL, id=STRIPE, created_at=now, updated_at=now, **fields))]


def _hook(runtime: Runtime, sealed: str) -> list[Write]:
    now, before = runtime.clock.now(), runtime.store.find(Hook, GLOBAL, PLATFORM_HOOK)
    if before is None:
        made = Hook(
            organization_id=GLOBAL, id=PLATFORM_HOOK, created_at=now, updated_at=now, owner_id=PLATFORM,
            source=STRIPE, connection_id=STRIPE, secret_ciphertexts=[sealed],
        )  # fmt: skip
        return [Create(made)]
    # A second rotation before the first one's overlap is over must not shut the processor out.
    valid = before.secret_ciphertexts if before.previous_until and iso(now) < before.previous_until else []
    known = [sealed, *(valid or before.secret_ciphertexts[:1])][:MOST_SECRETS]
    return [Change(before, before.changed(now, secret_ciphertexts=known, previous_until=iso(now + OVERLAP)))]


def _purpose() -> str:
    return f"vendor:{STRIPE}"
