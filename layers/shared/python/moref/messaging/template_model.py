"""A template as an organization keeps it: the words of one message in each language and channel."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from moref.messaging.model import MessageClass
from moref.records import Entity

Language = Literal["en", "es"]
LinkField = Literal["feedback_link", "referral_link", "review_link", "report_link", "page_link"]
Level = Literal["builtin", "organization", "location"]
BUILT_IN = "builtin"  # what stands for a version id where the words are the product's own


class Wording(BaseModel):
    """One language. An empty `sms` has no SMS form, an empty `subject` no e-mail form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sms: str = ""
    subject: str = ""
    body: str = Field(default="", description="paragraphs, parted by blank lines; the layout adds footer and address")
    button: str = ""
    button_link: LinkField | None = None

    def sources(self) -> dict[str, str]:
        """Name of the part -> its text, in the order people read them."""
        return {"sms": self.sms, "subject": self.subject, "body": self.body, "button": self.button}


class Template(Entity):
    """An organization's template (id "<name>"), or a location's own form of one (id "<name>.<location>").

    A built-in is there without a row: its id is its name, and the first change stores a row. Without `wordings` a row
    says nothing about the words. A location's form counts as a whole, unless the organization's is `locked`.
    """

    noun: ClassVar[str] = "template"

    base: str  # the template this is, or is a location's form of
    location_id: str | None = None
    kind: MessageClass  # never changes: it decides the rules
    name: str
    status: Literal["active", "archived"] = "active"
    locked: bool = False
    wordings: dict[Language, Wording] = Field(default_factory=dict)
    version_id: str | None = None  # TemplateVersion whose words these are
    versions: int = 0  # how many were made here

    def parent(self) -> str:
        return self.base


class TemplateVersion(Entity):
    """Words as they were saved; never changed, so that a message shows for ever what it was made of."""

    noun: ClassVar[str] = "template_version"

    template_id: str
    number: int
    wordings: dict[Language, Wording]
    made_by: str  # member id

    def parent(self) -> str:
        return self.template_id


def form_id(name: str, location_id: str | None) -> str:
    return name if location_id is None else f"{name}.{location_id}"
