"""Stores an organization's own account at an outside system: the credentials sealed, the webhook's token issued."""

import json

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Hook, Organization, VendorAccount
from moref.tenants.vendor_forms import VendorForm

_TRIES = 4


def connect_vendor(runtime: Runtime, organization_id: str, form: VendorForm, *, actor: str) -> VendorAccount:
    """Creates or replaces the account; its hook token stays, so that the vendor's side need not be changed.

    The hook is `POST /hooks/{vendor}/{hook_token}`.
    """
    get(runtime.store, Organization, organization_id, organization_id)
    sealed = runtime.vault.seal(organization_id, f"vendor:{form.vendor}", json.dumps(form.secret()).encode())
    for _ in range(_TRIES):
        try:
            runtime.store.commit(*_writes(runtime, organization_id, form, sealed, actor))
        except Conflict:
            continue
        return get(runtime.store, VendorAccount, organization_id, form.vendor)
    raise Conflict(f"the {form.vendor} account is being changed by others")


def _writes(runtime: Runtime, org: str, form: VendorForm, sealed: str, actor: str) -> tuple[Write, ...]:
    now, vendor = runtime.clock.now(), form.vendor
    audit = audited(now, org, actor, "vendor.connected", vendor)
    before = runtime.store.find(VendorAccount, org, vendor)
    if before is not None:
        hook = get(runtime.store, Hook, GLOBAL, before.hook_token)
        account = before.changed(now, secret_ciphertext=sealed, config=form.config(), status="active")
        return (
            Change(before, account),
            Change(hook, hook.changed(now, secret_ciphertexts=[sealed], previous_until=None, status="active")),
            audit,
        )
    token = ids.token()
    account = VendorAccount(
        organization_id=org, id=vendor, created_at=now, updated_at=now, vendor=vendor,
        secret_ciphertext=sealed, config=form.config(), hook_token=token,
    )  # fmt: skip
    hook = Hook(
        organization_id=GLOBAL, id=token, created_at=now, updated_at=now, owner_id=org, source=vendor,
        connection_id=vendor, secret_ciphertexts=[sealed],
    )  # fmt: skip
    return Create(account), Create(hook), audit
