"""/u/{token}: which messages a person gets. A GET changes nothing (mail scanners follow links); a POST does at once.

The one-click POST of RFC 8058 (`List-Unsubscribe=One-Click`) is answered without login and without redirect.
"""

from moref.intake.model import Contact
from moref.messaging.opt_out import opt_in, opt_out
from moref.pages.base import Form, Response, message, not_found, render, see_other
from moref.pages.tokens import find_token
from moref.runtime import Runtime
from moref.tenants.model import Location

_BY = "unsubscribed"


def get(runtime: Runtime, token: str) -> Response:
    contact = _contact(runtime, token)
    if contact is None:
        return not_found()
    location = runtime.store.find(Location, contact.organization_id, contact.location_id)
    return render(
        "preferences.html",
        title="Your messages",
        company=location.name if location else None,
        has_email=contact.email is not None,
        gets_email="email" not in contact.opted_out,
        has_phone=contact.phone is not None,
        gets_sms="sms" not in contact.opted_out,
    )


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Field `do`: stop_email, start_email or stop_sms; or the one-click form. Texts start again by texting START."""
    contact = _contact(runtime, token)
    if contact is None:
        return not_found()
    one_click = form.get("List-Unsubscribe", "").lower() == "one-click"
    action = "stop_email" if one_click else form.get("do", "")
    org = contact.organization_id
    if action == "stop_email" and contact.email:
        opt_out(runtime, org, "email", contact.email, _BY)
    elif action == "start_email" and contact.email:
        opt_in(runtime, org, "email", contact.email, "preferences page")
    elif action == "stop_sms" and contact.phone:
        opt_out(runtime, org, "sms", contact.phone, "preferences page")
    if one_click:
        return message(200, "You are unsubscribed", "You will get no more e-mails of this kind from us.")
    return see_other(f"/u/{token}")


def _contact(runtime: Runtime, token: str) -> Contact | None:
    found = find_token(runtime, token, "preferences")
    return None if found is None else runtime.store.find(Contact, found.owner_id, found.subject_id)
