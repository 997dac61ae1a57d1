"""What staff may say about templates."""

from pydantic import Field, StrictInt

from moref.messaging.template_model import Language, LinkField, Wording
from moref.tenants.forms import Form, Identifier, Name


class Words(Form):
    """One language of a template. Long texts are refused by the check, with their place."""

    sms: str = Field(default="", description="empty: it has no text form")
    subject: str = Field(default="", description="empty: it has no e-mail form")
    body: str = Field(
        default="", description="paragraphs parted by blank lines; the layout adds address and unsubscribe"
    )
    button: str = ""
    button_link: LinkField | None = None


Wordings = dict[Language, Words]


def as_model(wordings: Wordings) -> dict[Language, Wording]:
    return {language: Wording(**dict(words)) for language, words in wordings.items()}


RowVersion = StrictInt


class SaveTemplate(Form):
    version: RowVersion = Field(ge=0, description="of the copy you read; 0 when nobody has changed it yet")
    wordings: dict[Language, Words]
    name: Name | None = None
    kind: str | None = Field(default=None, description="needed for a new template: marketing or service; never changes")


class ChangeTemplate(Form):
    version: RowVersion = Field(ge=0)
    name: Name | None = None
    locked: bool | None = Field(default=None, description="no location's own form counts")


class RevertTemplate(Form):
    version: RowVersion = Field(ge=1)
    number: StrictInt | None = Field(
        default=None, ge=1, description="of one of its versions; without it, the words are the built-in's or inherited"
    )


class TemplateToCheck(Form):
    wordings: dict[Language, Words]
    kind: str | None = Field(default=None, description="for a template that does not exist yet")


class ToRender(Form):
    language: Language | None = Field(default=None, description="else the contact's, else English")
    contact_id: Identifier | None = Field(default=None, description="whose name it is filled with")
    location_id: Identifier | None = None
    wordings: dict[Language, Words] | None = Field(default=None, description="instead of the stored ones")


class ToSend(Form):
    language: Language = "en"
    location_id: Identifier | None = None
