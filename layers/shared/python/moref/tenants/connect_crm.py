"""Connects a CRM account that we call through its API: credentials sealed, header secret and webhook address issued."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import Form, Identifier, Name
from moref.tenants.header_secret import digest
from moref.tenants.model import Connection, Hook, Location

CREDENTIALS = "crm"  # the vault's purpose
_SUPPLIES = ["quoted", "booked", "completed", "invoiced", "paid", "cancelled", "amount"]
_TRIES = 4


class SmartMovingAccount(Form):
    """`request_id` names the SmartMoving instance: a company may have several. `code_field` is the custom field of an
    opportunity that holds the referral code; `monthly_calls` is what the plan allows (Basic 20,000, Premium 125,000).
    """

    crm: Literal["smartmoving"] = "smartmoving"
    request_id: Identifier
    name: Name
    default_location_id: Identifier
    api_key: str = Field(min_length=8, max_length=300)
    monthly_calls: int = Field(default=125_000, ge=100, le=10_000_000)
    takes_leads: bool = True
    branch_id: Identifier | None = None
    referral_source_id: Identifier | None = None
    referral_source: Name | None = None
    code_field: Literal["customField01", "customField02", "customField03"] | None = None

    def config(self) -> dict[str, str]:
        names = ("branch_id", "referral_source_id", "referral_source", "code_field")
        given = {name: getattr(self, name) for name in names if getattr(self, name)}
        return {"monthly_calls": str(self.monthly_calls), **given}


@dataclass(frozen=True, slots=True)
class Connected:
    """`secret` is what the CRM sends as `header`; we keep its digest, so it is shown now and never again."""

    connection: Connection
    header: str
    secret: str


def connect_crm(
    runtime: Runtime, organization_id: str, form: SmartMovingAccount, *, actor: str, secret: str | None = None
) -> Connected:
    """Creates or replaces the connection, with a new secret; its hook token stays. `secret` is for setups that repeat.

    The hook is `POST /hooks/crm/smartmoving/{hook_token}`. Raises NotFound for a location of somebody else.
    """
    get(runtime.store, Location, organization_id, form.default_location_id)
    issued = secret or ids.token() + ids.token()
    sealed = runtime.vault.seal(organization_id, CREDENTIALS, json.dumps({"api_key": form.api_key}).encode())
    id = ids.derived("con", organization_id, form.crm, form.request_id)
    for _ in range(_TRIES):
        try:
            runtime.store.commit(
                *_writes(runtime, organization_id, id, form, sealed=sealed, hashed=digest(issued), actor=actor)
            )
        except Conflict:
            continue
        return Connected(get(runtime.store, Connection, organization_id, id), "X-Moref-Secret", issued)
    raise Conflict("the connection is being changed by others")


def _writes(
    runtime: Runtime, org: str, id: str, form: SmartMovingAccount, *, sealed: str, hashed: str, actor: str
) -> tuple[Write, ...]:
    now = runtime.clock.now()
    audit = audited(now, org, actor, "connection.connected", id)
    fields: dict[str, Any] = {
        "name": form.name, "default_location_id": form.default_location_id, "supplies": _SUPPLIES, "status": "active",
        "secret_ciphertext": hashed, "credentials_ciphertext": sealed, "config": form.config(),
        "takes_leads": form.takes_leads,
    }  # fmt: skip
    before = runtime.store.find(Connection, org, id)
    if before is not None:
        hook = get(runtime.store, Hook, GLOBAL, before.hook_token)
        opened = hook.changed(now, secret_ciphertexts=[hashed], previous_until=None, status="active")
        return Change(before, before.changed(now, **fields)), Change(hook, opened), audit
    token = ids.token()
    made: dict[str, Any] = {"created_at": now, "updated_at": now}
    connection = Connection(organization_id=org, id=id, crm=form.crm, hook_token=token, **made, **fields)
    hook = Hook(
        organization_id=GLOBAL, id=token, owner_id=org, source=f"crm:{form.crm}", connection_id=id,
        secret_ciphertexts=[hashed], **made,
    )  # fmt: skip
    return Create(connection), Create(hook), audit
