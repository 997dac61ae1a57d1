"""Opens an organization with what its first completed job needs: payer, branch, owner, CRM connection, program."""

import os
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from moref.billing.trial import trial, trial_clock
from moref.kernel import ids
from moref.kernel.keys import GLOBAL
from moref.programs.model import Program, Tier, program_id
from moref.records import Create, Write, create_once, get
from moref.runtime import Runtime
from moref.signin.model import membership
from moref.tenants.audit import audited
from moref.tenants.crm_forms import SUPPLIES
from moref.tenants.forms import Address, Ein, Email, Form, Identifier, Name, NewLocation
from moref.tenants.model import Connection, Hook, LegalEntity, Location, Member, Organization
from moref.tenants.program_forms import Tiers
from moref.tenants.save_legal_entity import ein_points
from moref.tenants.settings import merged
from moref.tenants.urls import web_address

WEBHOOK = "webhook"  # the vault's purpose of a connection's signing secret
DEFAULT_TIERS = [Tier(at=1, amount=2500), Tier(at=3, amount=5000), Tier(at=5, amount=10000)]


class Branch(NewLocation):
    legal_entity_id: Identifier = ""  # the new organization's own payer


class NewOrganization(Form):
    """`request_id` is the caller's own: the same one again finds the organization it made."""

    request_id: Identifier
    name: Name
    legal_name: Name
    ein: Ein | None = None
    owner_name: Name
    owner_email: Email
    location: Branch
    lead_url: Address | None = None
    tiers: Tiers = Field(default=DEFAULT_TIERS)


@dataclass(frozen=True, slots=True)
class Onboarded:
    """Ids of what was made; `secret` (`whsec_...`) signs the CRM's webhooks and is shown to the owner once."""

    organization_id: str
    location_id: str
    member_id: str
    connection_id: str
    program_id: str
    hook_token: str
    secret: str


def onboard(runtime: Runtime, form: NewOrganization) -> Onboarded:
    """One commit; repeatable. Raises BadInput on an address that is not a public one."""
    now = runtime.clock.now()
    org = ids.derived("org", form.request_id)
    location_id, connection_id = ids.derived("loc", org), ids.derived("con", org, "generic")
    member_id, program = ids.derived("mem", org), program_id(org, "customer", None)
    made: dict[str, Any] = {"organization_id": org, "created_at": now, "updated_at": now}
    location = _location(runtime, form, made, location_id)
    if form.lead_url is not None:
        web_address(form.lead_url, stage=runtime.settings.stage, field="lead_url")
    token, sealed = ids.token(), runtime.vault.seal(org, WEBHOOK, new_secret().encode())
    owner = Member(**made, id=member_id, email=form.owner_email, name=form.owner_name, role="owner")
    create_once(
        runtime.store,
        Organization(**made, id=org, name=form.name),
        Create(trial(org, now)),
        Create(trial_clock(org, now)),
        Create(LegalEntity(**made, id=location.legal_entity_id, name=form.legal_name, ein=form.ein)),
        *ein_points(org, location.legal_entity_id, form.ein),
        Create(location),
        Create(owner),
        membership(runtime.keys, owner),
        *_connection(form, made, id=connection_id, location_id=location_id, token=token, sealed=sealed),
        Create(Program(**made, id=program, name="Referral rewards", tiers=list(form.tiers))),
        audited(now, org, "platform", "organization.created", org),
    )
    # A repeat answers with the first one's token and secret.
    connection = get(runtime.store, Connection, org, connection_id)
    secret = runtime.vault.open(org, WEBHOOK, connection.secret_ciphertext).decode()
    return Onboarded(org, location_id, member_id, connection_id, program, connection.hook_token, secret)


def new_secret() -> str:
    """A Standard Webhooks secret: 32 random bytes."""
    return "whsec_" + b64encode(os.urandom(32)).decode()


def _location(runtime: Runtime, form: NewOrganization, made: dict[str, Any], id: str) -> Location:
    fields = dict(form.location) | {
        "legal_entity_id": ids.derived("ent", made["organization_id"]),
        "settings": merged({}, form.location.settings),
    }
    for name in ("review_url", "site_url"):
        if fields[name] is not None:
            web_address(fields[name], stage=runtime.settings.stage, field=name)
    return Location(**made, id=id, **fields)


def _connection(
    form: NewOrganization, made: dict[str, Any], *, id: str, location_id: str, token: str, sealed: str
) -> tuple[Write, Write]:
    connection = Connection(
        **made,
        id=id,
        crm="generic",
        name="CRM webhook",
        default_location_id=location_id,
        supplies=SUPPLIES["generic"],
        hook_token=token,
        lead_url=form.lead_url,
        secret_ciphertext=sealed,
    )
    hook = Hook(
        **made | {"organization_id": GLOBAL},
        id=token,
        owner_id=connection.organization_id,
        source="crm:generic",
        connection_id=id,
        secret_ciphertexts=[sealed],
    )
    return Create(connection), Create(hook)
