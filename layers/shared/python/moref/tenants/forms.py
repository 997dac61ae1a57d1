"""What staff may say about an organization, its locations and programs: strict, nothing extra, never a float."""

import re
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from moref.kernel.errors import BadInput
from moref.tenants.ein import ein

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


@cache
def _zones() -> set[str]:
    from zoneinfo import available_timezones  # reads a folder of some 600 files

    return available_timezones()


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("not an IANA time zone, such as America/Chicago")
    return name


def _phone(text: str) -> str:
    from moref import people  # brings the numbering plans of the world, which few calls need

    try:
        return people.phone(text)
    except BadInput as error:
        raise ValueError(error.detail) from None


def _email(text: str) -> str:
    from moref import people

    try:
        return people.email(text)
    except BadInput as error:
        raise ValueError(error.detail) from None


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_clean)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_clean)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2000)]  # checked by urls.web_address
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Phone = Annotated[str, Field(max_length=32), AfterValidator(_phone)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Sender = Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$")]
UsState = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Ein = Annotated[str, Field(max_length=12), AfterValidator(ein)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
# What goes into a header of ours: one line, no spaces, ASCII.
Credential = Annotated[str, Field(min_length=8, max_length=300, pattern=r"^[!-~]+$")]
Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Version = Annotated[StrictInt, Field(ge=1, description="of the copy you read; refused when it is no longer current")]


class Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _no_defaults(schema: dict[str, Any]) -> None:
    """What is left out stays as it is: a documented default would say otherwise."""
    for entry in schema["properties"].values():
        entry.pop("default", None)


class Changes(Form):
    model_config = ConfigDict(json_schema_extra=_no_defaults)

    version: Version

    def given(self) -> dict[str, Any]:
        """Only what was said; a field that is left out stays as it is."""
        return self.model_dump(exclude_unset=True, exclude={"version"})


class NewLegalEntity(Form):
    name: Name = Field(description="as the IRS knows it")
    ein: Ein | None = Field(default=None, description="needed before the year's 1099 forms")


class LegalEntityChanges(Changes):
    name: Name = ""
    ein: Ein = ""


class BrandingForm(Form):
    """Replaces the branding as a whole."""

    company: Name | None = Field(default=None, description="as messages say it, instead of the location's name")
    colour: Colour = Field(default="#0b5cad", description="letters on it are dark or light, whichever is legible")
    logo_url: Address | None = Field(default=None, description="https; shown 48 pixels high")
    signature: list[Line] = Field(default_factory=list, max_length=5, description="lines under an e-mail")
    reply_to: Email | None = Field(default=None, description="where answers to e-mails go, instead of staff_email")


class NewLocation(Form):
    name: Name
    legal_entity_id: Identifier
    time_zone: Zone
    postal_address: Line
    staff_email: Email
    review_url: Address
    state: UsState | None = None
    phone: Phone | None = None
    site_url: Address | None = None
    sms_sender: Sender | None = None
    crm_branch: Name | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class LocationChanges(Changes):
    name: Name = ""
    time_zone: Zone = ""
    postal_address: Line = ""
    staff_email: Email = ""
    review_url: Address = ""
    state: UsState | None = None
    phone: Phone | None = None
    site_url: Address | None = None
    sms_sender: Sender | None = None
    crm_branch: Name | None = None
    branding: BrandingForm = BrandingForm()
    status: Literal["active", "archived"] = "active"
    settings: dict[str, Any] = Field(default_factory=dict, description="null forgets a value: the level above counts")


class VendorAccountChanges(Changes):
    status: Literal["active", "stopped"] = Field(
        default="active",
        description="stopped: it is used for nothing, and its webhooks are answered 404; e-mail goes by the platform",
    )


class OrganizationChanges(Changes):
    name: Name = ""
    settings: dict[str, Any] = Field(default_factory=dict, description="null forgets a value: the default counts")
    locked: list[str] = Field(default_factory=list, max_length=100, description="settings no location may override")
