"""Every merge field there is. Whoever plans a message supplies the links; compose_message knows the rest.

A field that `may_be_empty` needs a fallback wherever it is used: `{{ first_name | default("there") }}`, or a place
inside `{% if first_name %}`. Lengths are what segments are counted with on save.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MergeField:
    words: str
    sample: str
    longest: int  # characters, the longest that is plausible
    may_be_empty: bool = False
    # planned: by whoever plans the message, without which it is not planned at all; composed: when it is sent.
    by: Literal["planned", "composed"] = "composed"


FIELDS: dict[str, MergeField] = {
    "first_name": MergeField("the recipient's first name", "Sam", 14, may_be_empty=True),
    "company": MergeField("the branch as customers know it", "Bluebird Moving Austin", 30),
    "branch_phone": MergeField("the branch's phone", "+15125550199", 12, may_be_empty=True),
    "feedback_link": MergeField(
        "the page that asks the customer for a score; everybody finds the public review link on it",
        "https://go.example.com/review/abcdefghij2345672345", 60, by="planned",
    ),
    "referral_link": MergeField(
        "the recipient's personal link", "https://go.example.com/r/7K3M9QX2WDT", 45, by="planned"
    ),
    "review_link": MergeField("the branch's public review link", "https://g.page/r/Cabcdefghijklmno/review", 60),
    "amount": MergeField("what the reward is worth", "$25", 7, may_be_empty=True),
    "score": MergeField("the score a customer gave", "5", 1, may_be_empty=True),
    "code": MergeField("the code that confirms a new address", "123456", 6, by="planned"),
    "new_address": MergeField("the new address, mostly hidden", "s***@example.com", 30, by="planned"),
    "discount_code": MergeField("a discount code that was given", "7K3M-9QX2-WDT", 13, by="planned"),
    "discount": MergeField("what it is worth", "10 % (at most $50)", 22, by="planned"),
    "valid_until": MergeField("its last day", "2027-06-01", 10, by="planned"),
    "credit": MergeField("the service credit that was given", "$25", 9, by="planned"),
    "kept": MergeField("what was kept of a reward for one that is owed back", "$10", 9, by="planned"),
    "left": MergeField("what is left of it", "$15", 9, by="planned"),
    "report_link": MergeField(
        "a member's own page with the weekly report", "https://go.example.com/report/abcdefghij2345672345", 60,
        by="planned",
    ),
    "page_link": MergeField(
        "the page on which a partner accepts", "https://go.example.com/p/abcdefghij2345672345", 60, by="planned"
    ),
    "disclosure": MergeField("says that the advocate gets a reward (16 CFR 255.5)", "", 80),
    "opt_out": MergeField("says how to stop the texts", "", 40),
}  # fmt: skip
# Given to nothing but the built-in that has them: no campaign could supply them.
PRIVATE = frozenset(
    {
        "code",
        "new_address",
        "discount_code",
        "discount",
        "valid_until",
        "credit",
        "kept",
        "left",
        "report_link",
        "page_link",
    }
)
LINKS = ("feedback_link", "referral_link", "review_link")
PLANNED = frozenset(name for name, field in FIELDS.items() if field.by == "planned")

# Lines that the law asks for, in each language; in GSM-7, which they should never be what forces a text out of.
LINES = {
    "en": {
        "opt_out": "Reply STOP to opt out.",
        "disclosure": "You get a reward when a friend you refer moves with us.",
        "unsubscribe": "Unsubscribe",
    },
    "es": {
        "opt_out": "Responda STOP para darse de baja.",
        "disclosure": "Usted recibe una recompensa cuando un amigo recomendado se muda con nosotros.",
        "unsubscribe": "Cancelar suscripción",
    },
}
