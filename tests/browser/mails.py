"""E-mails as a browser shows them: /mail/<template>/<language>/<look>, where a look is a branch's branding."""

from typing import Any

from moref.messaging import builtin, rendering
from moref.messaging.branding import Brand, ink_on
from moref.messaging.rendering import Mail
from moref.messaging.template_model import Language

LONG = "Überlandumzugsgesellschaft & Söhne <Austin> " + "x" * 60
FIELDS = {
    "first_name": "María José", "company": "Bluebird Moving Austin", "amount": "$50.00", "score": "2",
    "comment": "The sofa arrived with a scratch.\nPlease call me.", "branch_phone": "+15125550199",
    "feedback_link": "https://go.example/review/abcdefghij2345672345",
    "referral_link": "https://go.example/r/7K3M9QX2WDT",
}  # fmt: skip
LOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "branded": {
        "colour": "#ffd400", "logo_url": "/mail/logo", "signature": ("Ana & Tom", "Bluebird Moving, Austin office"),
    },
    "dark-colour": {"colour": "#1b0033"},
    "long": {"company": LONG, "signature": (LONG,), "address": LONG + ", Austin, TX 78701"},
}  # fmt: skip
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="48"><rect width="160" height="48" rx="8" '
    'fill="#ffd400"/><text x="80" y="31" text-anchor="middle" font-family="sans-serif" font-size="20">Bluebird</text>'
    "</svg>"
)


def answer(path: str) -> dict[str, Any]:
    if path == "/mail/logo":
        return {"statusCode": 200, "headers": {"content-type": "image/svg+xml"}, "body": _LOGO}
    name, language, look = path.removeprefix("/mail/").split("/")
    html = written(name, "es" if language == "es" else "en", look).html
    return {"statusCode": 200, "headers": {"content-type": "text/html; charset=utf-8"}, "body": html}


def written(name: str, language: Language = "en", look: str = "plain") -> Mail:
    found = builtin.find(name)
    assert found is not None
    over = {"company": FIELDS["company"], "address": "1 Main St, Austin, TX 78701", "colour": "#0b5cad"} | LOOKS[look]
    brand = Brand(
        company=over["company"], address=over["address"], colour=over["colour"], ink=ink_on(over["colour"]),
        logo_url=over.get("logo_url"), signature=over.get("signature", ()), reply_to="austin@bluebird.example",
    )  # fmt: skip
    staff = found.kind == "staff"
    return rendering.mail(
        found.wordings[language], FIELDS | {"company": brand.company}, language, brand=brand, details=staff,
        unsubscribe=None if staff else "https://go.example/u/bcdefghijk2345672345",
    )  # fmt: skip


def text(name: str, language: Language = "en") -> str:
    found = builtin.find(name)
    assert found is not None
    return rendering.sms(found.wordings[language], FIELDS, language)
