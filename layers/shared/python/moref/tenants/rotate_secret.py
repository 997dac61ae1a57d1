"""Gives a connection a new signing secret; the old one is accepted for another 24 hours."""

from datetime import timedelta

from moref.kernel.clock import iso
from moref.kernel.keys import GLOBAL
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Connection, Hook
from moref.tenants.onboard import WEBHOOK, new_secret

OVERLAP = timedelta(hours=24)


def rotate_secret(runtime: Runtime, organization_id: str, connection_id: str, *, actor: str) -> str:
    """The new secret, shown once. Raises NotFound, Conflict when two rotate at the same moment."""
    now = runtime.clock.now()
    connection = get(runtime.store, Connection, organization_id, connection_id)
    hook = get(runtime.store, Hook, GLOBAL, connection.hook_token)
    secret = new_secret()
    sealed = runtime.vault.seal(organization_id, WEBHOOK, secret.encode())
    ciphertexts = [sealed, hook.secret_ciphertexts[0]]
    runtime.store.commit(
        Change(connection, connection.changed(now, secret_ciphertext=sealed)),
        Change(hook, hook.changed(now, secret_ciphertexts=ciphertexts, previous_until=iso(now + OVERLAP))),
        audited(now, organization_id, actor, "connection.secret_rotated", connection_id),
    )
    return secret
