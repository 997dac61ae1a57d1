"""Reading from CRMs that tell only that something changed: what a plugin's client gives, and how one is opened."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from moref.intake.model import FactKind
from moref.kernel import plugins
from moref.kernel.errors import NeedsPerson
from moref.runtime import Runtime
from moref.tenants.model import Connection

CRM_PACKAGE = "moref.intake.crm"
PURPOSE = "crm"  # the vault's, of the credentials we call a CRM with


@dataclass(frozen=True, slots=True)
class PartRead:
    """A part of a record. `timed`: the two times were read, so that None means that it did not happen."""

    external_id: str
    timed: bool = False
    completed_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A record as read at one moment, in our words; amounts in minor units."""

    code: int
    customer_id: str | None
    parts: tuple[PartRead, ...] = ()
    served_at: datetime | None = None  # end of the day of the work, roughly: for when no part says when it ended
    estimate: int | None = None
    charged: int | None = None  # what was really charged, once that stands
    paid: int = 0
    job: Mapping[str, Any] = field(default_factory=dict)  # as intake.notice.JobPart
    customer: Mapping[str, Any] = field(default_factory=dict)  # as intake.notice.CustomerPart


class Reader(Protocol):
    """A plugin's client. Every method raises Retry (with seconds when the CRM asked to wait), NotFound, NeedsPerson on
    refused credentials, OutcomeUnknown when no answer came."""

    def check(self) -> None:
        """One cheap call, to see whether the credentials are taken."""

    def read(self, external_id: str, parts: bool, config: Mapping[str, str]) -> Snapshot:
        """One call, and one more when the parts' own times are wanted."""

    def leads(self, page: int) -> tuple[list[dict[str, Any]], bool]:
        """A page (from 1) of leads {id, phone, email, created_at}, and whether it is the last."""

    def push_lead(self, lead: Mapping[str, Any], config: Mapping[str, str]) -> str:
        """Hands a lead in (as referrals.lead_body `data`) and gives the CRM's id of it. Not repeatable."""

    def set_fields(self, external_id: str, fields: Mapping[str, str]) -> None:
        """Fills in the company's own fields of a record. Repeatable."""

    def add_note(self, external_id: str, text: str) -> str:
        """The note's id. Not repeatable."""


Open = Callable[[Runtime, Connection], Reader]


def open_reader(runtime: Runtime, connection: Connection) -> Reader:
    """Raises NeedsPerson when the connection has no credentials that we can open."""
    try:
        sealed = connection.credentials_ciphertext or ""
        secret = json.loads(runtime.vault.open(connection.organization_id, PURPOSE, sealed)) if sealed else None
    except KeyError:
        secret = None
    if secret is None:
        raise NeedsPerson("credentials")
    base_url = json.loads(runtime.settings.vendor_urls).get(connection.crm)
    client: Reader = plugins.load(CRM_PACKAGE, connection.crm).client(secret, base_url)
    return client


def status_facts(connection: Connection) -> Mapping[int, frozenset[FactKind]]:
    """The plugin's table from the CRM's status codes to the facts that hold in each."""
    found: Mapping[int, frozenset[FactKind]] = plugins.load(CRM_PACKAGE, connection.crm).status_facts()
    return found
