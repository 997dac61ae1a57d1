"""Connects a CRM account: credentials sealed, the webhook's secret and address issued."""

import json
from dataclasses import dataclass
from typing import Any

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.archive_location import refuse_archived
from moref.tenants.audit import audited
from moref.tenants.crm_forms import SUPPLIES, CrmAccount
from moref.tenants.header_secret import digest
from moref.tenants.model import Connection, Hook, Location
from moref.tenants.onboard import WEBHOOK, new_secret
from moref.tenants.urls import web_address

CREDENTIALS = "crm"  # the vault's purpose
SENT_BACK = {"smartmoving": "X-Moref-Secret"}  # CRMs that send the secret itself, in this header; the others sign
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Connected:
    """`secret` is shown now and never again. `header`: the CRM sends the secret in it, and we keep its digest only;
    None: the CRM signs with it."""

    connection: Connection
    header: str | None
    secret: str


def connect_crm(
    runtime: Runtime, organization_id: str, form: CrmAccount, *, actor: str, secret: str | None = None
) -> Connected:
    """Creates or replaces the connection, with a new secret; its hook token stays. `secret` is for setups that repeat.

    The hook is `POST /hooks/crm/{crm}/{hook_token}`. Raises NotFound for a location of somebody else, BadInput.
    """
    refuse_archived(get(runtime.store, Location, organization_id, form.default_location_id))
    lead_url = form.lead_address()
    if lead_url is not None:
        web_address(lead_url, stage=runtime.settings.stage, field="lead_url")
    header = SENT_BACK.get(form.crm)
    issued = secret or (ids.token() + ids.token() if header else new_secret())
    fields: dict[str, Any] = {
        "name": form.name, "default_location_id": form.default_location_id, "supplies": SUPPLIES[form.crm],
        "status": "active", "config": form.config(), "takes_leads": form.pushes_leads(), "lead_url": lead_url,
        "secret_ciphertext": digest(issued) if header else _sealed(runtime, organization_id, WEBHOOK, issued),
        "credentials_ciphertext": _credentials(runtime, organization_id, form),
    }  # fmt: skip
    id = ids.derived("con", organization_id, form.crm, form.request_id)
    for _ in range(_TRIES):
        try:
            runtime.store.commit(*_writes(runtime, organization_id, id, form.crm, fields=fields, actor=actor))
        except Conflict:
            continue
        return Connected(get(runtime.store, Connection, organization_id, id), header, issued)
    raise Conflict("the connection is being changed by others")


def _credentials(runtime: Runtime, org: str, form: CrmAccount) -> str | None:
    said = form.credentials()
    return None if said is None else _sealed(runtime, org, CREDENTIALS, json.dumps(said))


def _sealed(runtime: Runtime, org: str, purpose: str, secret: str) -> str:
    return runtime.vault.seal(org, purpose, secret.encode())


def _writes(runtime: Runtime, org: str, id: str, crm: str, *, fields: dict[str, Any], actor: str) -> tuple[Write, ...]:
    now, secrets = runtime.clock.now(), [fields["secret_ciphertext"]]
    audit = audited(now, org, actor, "connection.connected", id)
    before = runtime.store.find(Connection, org, id)
    if before is not None:
        hook = get(runtime.store, Hook, GLOBAL, before.hook_token)
        opened = hook.changed(now, secret_ciphertexts=secrets, previous_until=None, status="active")
        return Change(before, before.changed(now, **fields)), Change(hook, opened), audit
    token = ids.token()
    made: dict[str, Any] = {"created_at": now, "updated_at": now}
    connection = Connection(organization_id=org, id=id, crm=crm, hook_token=token, **made, **fields)
    hook = Hook(
        organization_id=GLOBAL, id=token, owner_id=org, source=f"crm:{crm}", connection_id=id,
        secret_ciphertexts=secrets, **made,
    )  # fmt: skip
    return Create(connection), Create(hook), audit
