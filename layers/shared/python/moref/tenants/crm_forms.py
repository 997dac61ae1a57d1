"""What an organization tells of its CRM accounts: credentials are sealed, `config` is not secret."""

from typing import Literal

from pydantic import Field

from moref.intake.model import FactKind
from moref.tenants.forms import Address, Changes, Credential, Form, Identifier, Name

# What each CRM's plugin can tell. A connection may say that its company uses fewer.
_OF_A_JOB: list[FactKind] = ["quoted", "booked", "completed", "invoiced", "paid", "cancelled", "amount"]
SUPPLIES: dict[str, list[FactKind]] = {"generic": ["lead_qualified", *_OF_A_JOB], "smartmoving": _OF_A_JOB}


class CrmAccount(Form):
    """What every CRM's form says. `request_id` names the account, since a company may have several of one CRM: the same
    one again replaces the credentials, with a new secret, and the webhook's address stays."""

    crm: Literal["generic", "smartmoving"]
    request_id: Identifier = Field(description="your own name of it: the same one again replaces what it said before")
    name: Name
    default_location_id: Identifier = Field(description="where jobs go that name no branch")

    def config(self) -> dict[str, str]:
        return {}

    def credentials(self) -> dict[str, str] | None:
        """What we call the CRM with."""
        return None

    def lead_address(self) -> str | None:
        """Where leads are posted, signed with the connection's secret."""
        return None

    def pushes_leads(self) -> bool:
        """Through the CRM's own API."""
        return False


class GenericAccount(CrmAccount):
    """A CRM, or a program beside one, that posts facts signed as Standard Webhooks asks."""

    crm: Literal["generic"] = "generic"
    lead_url: Address | None = Field(default=None, description="where leads are posted, signed; null for nowhere")

    def lead_address(self) -> str | None:
        return self.lead_url


class SmartMovingMapping(Form):
    """How the fields of SmartMoving are used, and how much of it."""

    monthly_calls: int = Field(
        default=125_000, ge=100, le=10_000_000, description="what the plan allows: Basic 20,000, Premium 125,000"
    )
    takes_leads: bool = Field(default=True, description="leads are made in SmartMoving")
    branch_id: Identifier | None = Field(default=None, description="of those leads")
    referral_source_id: Identifier | None = None
    referral_source: Name | None = Field(default=None, description="what the company calls referrals, without its id")
    code_field: Literal["customField01", "customField02", "customField03"] | None = Field(
        default=None, description="the custom field of an opportunity that holds the referral code"
    )

    def config(self) -> dict[str, str]:
        names = ("branch_id", "referral_source_id", "referral_source", "code_field")
        given = {name: getattr(self, name) for name in names if getattr(self, name)}
        return {"monthly_calls": str(self.monthly_calls), **given}


class SmartMovingAccount(SmartMovingMapping, CrmAccount):
    crm: Literal["smartmoving"] = "smartmoving"
    api_key: Credential = Field(description="tried with one call before it is kept")

    def credentials(self) -> dict[str, str] | None:
        return {"api_key": self.api_key}

    def pushes_leads(self) -> bool:
        return self.takes_leads


class ConnectionChanges(Changes):
    name: Name = ""
    lead_url: Address | None = Field(default=None, description="where leads are posted, signed; null for nowhere")
    default_location_id: Identifier = ""
    supplies: list[FactKind] = Field(
        default_factory=list, min_length=1, max_length=20,
        description="which facts your company keeps in it: a program may wait for no other",
    )  # fmt: skip
    smartmoving: SmartMovingMapping = Field(
        default=SmartMovingMapping(), description="of a connection of SmartMoving; replaces it as a whole"
    )
    status: Literal["active", "stopped"] = Field(
        default="active", description="stopped: within a minute its webhooks are answered 404 and are not stored"
    )
