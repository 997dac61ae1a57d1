"""What a CRM told of one job, checked: the shape every adapter's `parse` brings its own payload into."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from moref.intake.model import Address, Fact, FactKind
from moref.kernel.errors import BadInput
from moref.kernel.money import DECIMALS, MAXIMUM

FUTURE = timedelta(hours=24)  # a source clock may run fast, but not by a day
PAST = datetime(2000, 1, 1, tzinfo=UTC)


def _as_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a date and time as text, such as 2026-06-02T15:00:00Z")
    return value


def _currency(value: object) -> object:
    if value is not None and not (isinstance(value, str) and value in DECIMALS):
        raise ValueError(f"must be one of {', '.join(DECIMALS)}")
    return value


def _time_zone(value: object) -> object:
    """A zone that nobody knows is dropped: the branch's own is then used."""
    return value if isinstance(value, str) and value in _zones() else None


@cache
def _zones() -> set[str]:
    """Read from disk: tens of milliseconds."""
    return available_timezones()


def _state(value: object) -> object:
    """Two letters, or nothing: rules by state are never applied on a guess."""
    text = value.strip().upper() if isinstance(value, str) else ""
    return text if len(text) == 2 and text.isascii() and text.isalpha() else None


def _phone_kind(value: object) -> object:
    """A kind that nobody knows says nothing."""
    return value if value in ("mobile", "home", "office", "other") else None


def _note(value: object) -> object:
    """A long note loses its end, not the job."""
    return value[:4000] if isinstance(value, str) else None


def _language(value: object) -> object:
    """Spanish or English, however it is written; any other language says nothing."""
    said = value.strip().casefold() if isinstance(value, str) else ""
    spanish, english = said.startswith(("es", "spa")), said.startswith("en")
    return "es" if spanish else "en" if english else None


Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_as_text)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, str_strip_whitespace=True)


class Place(_Strict):
    street: Text | None = None
    city: Text | None = None
    state: Annotated[str | None, BeforeValidator(_state)] = None
    postal_code: Text | None = None
    country: Annotated[str, Field(max_length=2)] = "US"
    time_zone: Annotated[str | None, BeforeValidator(_time_zone)] = None

    def address(self) -> Address:
        return Address(**self.model_dump())


class JobPart(_Strict):
    id: Id
    branch: Text | None = None
    currency: Annotated[str | None, BeforeValidator(_currency)] = None
    origin: Place | None = None
    destination: Place | None = None
    lead_id: Annotated[str, Field(max_length=64)] | None = None
    referral_code: Annotated[str, Field(max_length=64)] | None = None
    referred_by: Text | None = None  # a field for it: a name, or words with one
    source: Text | None = None  # where the CRM has it from: Google, Referral, "Referral - Jane Doe"
    notes: Annotated[str | None, BeforeValidator(_note)] = None  # looked through for a code or a name, not kept
    type: Annotated[str, Field(max_length=60)] | None = None
    interstate: bool | None = None


class ConsentPart(_Strict):
    """The words a customer agreed to, when, and where: all three, or it is no proof."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    at: Instant
    source: Annotated[str, Field(min_length=1, max_length=200)]


class CustomerPart(_Strict):
    id: Id | None = None
    first_name: Text = ""
    last_name: Text = ""
    phone: Annotated[str, Field(max_length=64)] | None = None
    email: Text | None = None
    phone_kind: Annotated[Literal["mobile", "home", "office", "other"] | None, BeforeValidator(_phone_kind)] = None
    language: Annotated[Literal["en", "es"] | None, BeforeValidator(_language)] = None
    sms_consent: ConsentPart | None = None
    sms_opt_in: bool | None = None  # a mapped field; it counts under the organization's attestation only
    same_as: Annotated[list[Id], Field(max_length=20)] = Field(default_factory=list)  # other ids of this customer there


class FactPart(_Strict):
    kind: FactKind
    value: StrictBool | StrictInt
    at: Instant

    @model_validator(mode="after")
    def _value_suits_kind(self) -> Self:
        if self.kind == "amount":
            if type(self.value) is not int or not 0 <= self.value <= MAXIMUM:
                raise ValueError("the value of amount must be an integer of minor units")
        elif type(self.value) is not bool:
            raise ValueError(f"the value of {self.kind} must be true or false")
        return self

    def fact(self) -> Fact:
        return Fact(kind=self.kind, value=self.value, at=self.at)


class JobNotice(_Strict):
    """`at` is when the source said it; facts have times of their own."""

    at: Instant
    job: JobPart
    customer: CustomerPart
    facts: Annotated[list[FactPart], Field(max_length=100)] = Field(default_factory=list)

    def instants(self) -> dict[str, datetime]:
        found = {"at": self.at}
        found |= {f"facts[{place}].at": fact.at for place, fact in enumerate(self.facts)}
        if self.customer.sms_consent is not None:
            found["customer.sms_consent.at"] = self.customer.sms_consent.at
        return found


def read_notice(parsed: Mapping[str, Any], now: datetime) -> JobNotice:
    """Raises BadInput; its words name the field and never quote the value, which may be personal data."""
    given = {name: value for name, value in parsed.items() if not (name == "facts" and value is None)}
    try:
        notice = JobNotice.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = _path(first["loc"])
        raise BadInput(f"{field}: {_words(first)}", field=field) from None
    for field, instant in notice.instants().items():
        if instant > now + FUTURE:
            raise BadInput(f"{field}: more than a day in the future", field=field)
        if instant < PAST:
            raise BadInput(f"{field}: before the year 2000", field=field)
    return notice


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "body"


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")
