"""The organization's word for what a ticked box in its CRM means: the text that customers agreed to there."""

from moref.kernel.errors import Conflict
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Attestation, Connection


def attest_consent(
    runtime: Runtime, organization_id: str, connection_id: str, *, version: int, text: str | None, actor: str
) -> Connection:
    """From now on the CRM's `sms_opt_in` counts as consent to this text; None: a yes that comes counts no more.

    Raises NotFound, Conflict when the caller's version is no longer current.
    """
    now, before = runtime.clock.now(), get(runtime.store, Connection, organization_id, connection_id)
    if before.version != version:
        raise Conflict(f"the connection is at version {before.version}")
    known = before.consent_attestation
    if text is not None:
        attestation: Attestation | None = Attestation(text=text, at=now, by=actor)
    else:
        attestation = None if known is None else known.model_copy(update={"active": False})
    action = "connection.consent_attested" if text is not None else "connection.attestation_ended"
    after = before.changed(now, consent_attestation=attestation)
    runtime.store.commit(Change(before, after), audited(now, organization_id, actor, action, connection_id))
    return get(runtime.store, Connection, organization_id, connection_id)
