"""A template as it will look: with sample values, or those of a contact. Links are samples always: a real one opens a
real person's page."""

from collections.abc import Mapping
from dataclasses import dataclass

from moref.intake.model import Contact
from moref.kernel.errors import BadInput
from moref.messaging import rendering
from moref.messaging.branding import brand_of
from moref.messaging.fields import FIELDS
from moref.messaging.rendering import Mail
from moref.messaging.template_model import Language, Wording
from moref.messaging.templates import chosen
from moref.tenants.model import Location

SAMPLE = "sample"  # the built-in template that a sample is sent under
MARK = "TEST"


@dataclass(frozen=True, slots=True)
class Rendered:
    language: Language  # that of the text; the e-mail may have to do with English
    sms: str | None
    mail: Mail | None


def rendered(
    wordings: Mapping[Language, Wording],
    language: Language,
    location: Location,
    *,
    base_url: str,
    contact: Contact | None = None,
) -> Rendered:
    """Raises BadInput when the words are faulty."""
    words, fields = dict(wordings), sample_values(location)
    if contact is not None:
        fields["first_name"] = contact.first_name
    text: str | None = None
    mail: Mail | None = None
    spoken = language
    if any(each.sms for each in words.values()):
        spoken, wording = chosen(words, language, "sms")
        text = rendering.sms(wording, fields, spoken)
    if any(each.subject for each in words.values()):
        written, wording = chosen(words, language, "email")
        mail = rendering.mail(
            wording, fields, written, brand=brand_of(location), unsubscribe=sample_unsubscribe(base_url)
        )
        spoken = written if text is None else spoken
    if text is None and mail is None:
        raise BadInput("there is neither a text nor an e-mail", field="wordings")
    return Rendered(spoken, text, mail)


def sample_values(location: Location) -> dict[str, str]:
    values = {name: field.sample for name, field in FIELDS.items()}
    company = location.branding.company or location.name
    return values | {"company": company, "branch_phone": location.phone or "", "review_link": location.review_url}


def sample_unsubscribe(base_url: str) -> str:
    return f"{base_url}/u/sample"


def as_one_mail(wordings: Mapping[Language, Wording], language: Language) -> tuple[Language, Wording]:
    """Text and e-mail of one language in one e-mail that says what it is."""
    language = language if language in wordings else "en"
    wording = wordings[language]
    body = [f"{MARK}: only you got this message."]
    body += [wording.body] if wording.body else []
    body += ["As a text message:", wording.sms] if wording.sms else []
    subject = f"{MARK}: {wording.subject or 'a text message'}"
    return language, wording.model_copy(update={"subject": subject, "body": "\n\n".join(body)})
