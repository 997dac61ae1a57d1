"""Gives a connection a new signing secret; those accepted until now are accepted for another 24 hours."""

from datetime import timedelta

from moref.kernel.clock import iso
from moref.kernel.keys import GLOBAL
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.header_secret import DIGEST, digest
from moref.tenants.model import Connection, Hook
from moref.tenants.onboard import WEBHOOK, new_secret

OVERLAP = timedelta(hours=24)
MOST_SECRETS = 4  # the door tries each


def rotate_secret(runtime: Runtime, organization_id: str, connection_id: str, *, actor: str) -> str:
    """The new secret, shown once. Raises NotFound, Conflict when two rotate at the same moment."""
    now = runtime.clock.now()
    connection = get(runtime.store, Connection, organization_id, connection_id)
    hook = get(runtime.store, Hook, GLOBAL, connection.hook_token)
    secret = new_secret()
    if connection.secret_ciphertext.startswith(DIGEST):
        sealed = digest(secret)
    else:
        sealed = runtime.vault.seal(organization_id, WEBHOOK, secret.encode())
    # A second rotation before the CRM has the first one's secret must not shut the CRM out.
    valid = hook.secret_ciphertexts if hook.previous_until is not None and iso(now) < hook.previous_until else []
    ciphertexts = [sealed, *(valid or hook.secret_ciphertexts[:1])][:MOST_SECRETS]
    runtime.store.commit(
        Change(connection, connection.changed(now, secret_ciphertext=sealed)),
        Change(hook, hook.changed(now, secret_ciphertexts=ciphertexts, previous_until=iso(now + OVERLAP))),
        audited(now, organization_id, actor, "connection.secret_rotated", connection_id),
    )
    return secret
