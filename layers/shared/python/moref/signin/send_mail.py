"""E-mails of the platform itself: a sign-in code, an invitation. They belong to no branch, so they are no Message.

Heard twice, they are sent twice: the same code, the same invitation. What was overtaken in the meantime is not sent.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Permanent, Retry
from moref.kernel.keys import PEOPLE
from moref.kernel.names import MESSAGES
from moref.messaging.branding import LIGHT, Brand
from moref.messaging.channels import ses
from moref.messaging.channels.base import Account, Outgoing
from moref.messaging.rendering import mail
from moref.messaging.template_model import Wording
from moref.runtime import Runtime
from moref.signin.codes import code_of, open_at
from moref.signin.memberships import is_open
from moref.signin.model import Challenge, Invitation, Language
from moref.tenants.model import Organization
from moref.tenants.switches import stopped

Send = Callable[[Runtime, Account, Outgoing], str]

SOON = 15  # seconds until a mail that SES did not take is tried again
_FOLDER = Path(__file__).with_name("wordings")
_NAME = "Mo-ref"
_BRAND = Brand(_NAME, address="", colour="#0b5cad", ink=LIGHT, logo_url=None, signature=(), reply_to="")


def send_code(runtime: Runtime, challenge_id: str, *, send: Send = ses.send) -> None:
    """The present code of the address, while it is valid."""
    challenge = runtime.store.find(Challenge, PEOPLE, challenge_id)
    if challenge is None or not open_at(challenge, runtime.clock.now()):
        return
    fields = {"code": code_of(runtime.keys, challenge)}
    try:
        _sent(runtime, send, composed("sign_in_code", challenge.language, challenge.email, fields))
    except Retry:  # a redelivery would come when the code is too old
        again = {"name": "sign_in.code_asked", "organization_id": PEOPLE, "subject": challenge_id}
        runtime.queues.send(MESSAGES, again, delay_seconds=SOON)


def send_invitation(runtime: Runtime, organization_id: str, invitation_id: str, *, send: Send = ses.send) -> None:
    """While it is open, of an organization that is active and whose messages are not stopped. Raises Retry."""
    invitation = runtime.store.find(Invitation, organization_id, invitation_id)
    organization = runtime.store.find(Organization, organization_id, organization_id)
    if invitation is None or organization is None or not is_open(runtime, invitation):
        return
    if organization.status != "active" or stopped(runtime.store, organization_id, "sends") is not None:
        return
    fields = {"company": organization.name, "valid_until": invitation.expires_at.date().isoformat()}
    _sent(runtime, send, composed("invitation", invitation.language, invitation.email, fields))


def composed(name: str, language: Language, to: str, fields: Mapping[str, str]) -> Outgoing:
    made = mail(wordings(name)[language], fields, language, brand=_BRAND, unsubscribe=None)
    return Outgoing(to=to, sender=_NAME, subject=made.subject, body=made.text, html=made.html)


def _sent(runtime: Runtime, send: Send, out: Outgoing) -> None:
    try:
        send(runtime, Account(), out)
    except Permanent:  # of this address
        runtime.metrics.count("sign_in_mail_refused")
    except (NeedsPerson, OutcomeUnknown):
        # Whoever waits asks again; a mail that may have gone is not sent once more by itself.
        runtime.metrics.count("sign_in_mail_failed")
    else:
        runtime.metrics.count("sign_in_mail_sent")


@cache
def wordings(name: str) -> dict[Language, Wording]:
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    languages: tuple[Language, ...] = ("en", "es")
    return {language: Wording(**data[language]) for language in languages}
