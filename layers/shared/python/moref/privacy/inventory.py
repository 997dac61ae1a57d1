"""Which noun holds what of a person, and what becomes of it: erased, handed out, kept how long. One row a noun.

A test fails when a noun of `records.REGISTRY` has no row here, and when a row's fields are not the noun's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# blanked: the fields in `personal` become what stands beside them, the row stays. pseudonymous: it holds ids, amounts
# and times, and stays as it is. expires: the table forgets the row by itself (TTL). nothing: no customer stands in it.
Erased = Literal["blanked", "pseudonymous", "expires", "nothing"]


@dataclass(frozen=True, slots=True)
class Holding:
    """`holds` in words, "" for nothing. `secret` fields are in no export. `kept` names a row of data/retention.json."""

    holds: str
    erased: Erased
    personal: Mapping[str, Any] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    exported: bool = True  # to the organization; what is ours alone (pace, cursors, doors) is not
    kept: str = "organization"


def _nothing(*secret: str, exported: bool = True) -> Holding:
    return Holding("", "nothing", secret=frozenset(secret), exported=exported)


def _ids(holds: str, *, kept: str = "organization", exported: bool = True) -> Holding:
    return Holding(holds, "pseudonymous", kept=kept, exported=exported)


def _blanked(holds: str, kept: str, *secret: str, **personal: Any) -> Holding:
    return Holding(holds, "blanked", personal, frozenset(secret), kept=kept)


_OURS = _nothing(exported=False)
_DECIDED = "a decision about an advocate's or a friend's case: ids, amounts, times, staff's reason"

INVENTORY: Mapping[str, Holding] = {
    # People and what they did
    "contact": _blanked(
        "name, phone, e-mail, language, consents, opt-outs, ids in CRMs, keyed hashes of phone, mailbox and home",
        "person", first_name="", last_name="", phone=None, email=None, phone_kind=None, person_keys=[],
        household_keys=[], crm_keys=[], consents=[], known_at={}, unread_replies=[],
    ),
    "job": _blanked(
        "the addresses they moved from and to, who is said to have sent them, the facts of the job",
        "job", origin=None, destination=None, referred_by=None, source=None,
    ),
    "lead": _blanked("what a friend wrote into the quote form", "words",
                     origin=None, destination=None, move_date=None, notes="", submitted_name=""),
    "partner": _blanked("a partner's name and address, its type, what it accepted", "person", "token",
                        first_name="", last_name="", email=None, phone=None),
    "message": _blanked("what was written to them and by them, and to which address", "message",
                        fields={}, places=[], address=None, subject=None, body=None),
    "feedback": _blanked("the score and their words", "words", comment="", sentiment_reason=""),
    "enrollment": _blanked("which campaign they are in and how far; states and time zones of their addresses", "words",
                           "token", places=[]),
    "staff_task": _blanked("what staff are to do for them", "words", words=""),
    "unmatched_source": _blanked("the name of who is said to have referred them", "words", said=None),
    "dispute": _blanked("what an advocate claims, and their proof", "words", claim="", proof=[], reason=None),
    "payout": _blanked("to whom a gift card was ordered, frozen until the provider is done", "money",
                       recipient_name="", recipient_email=None, recipient_phone=None, redirected_email=None,
                       redirected_phone=None),
    "new_address": _blanked("the address a gift card is to go to instead", "words", "digest", email=None, phone=None),
    "display_name": _blanked("the name an advocate agreed to be shown by", "person", name=None),
    "goodwill": _blanked("why staff gave a reward", "money", reason="", said=None),
    "program_exception": _blanked("why an advocate has rules of their own", "money", reason=""),
    "suppression": _blanked("keyed hash of an address that is not written to, and staff's note", "for_ever", note=None),
    # Who refers whom, and what it earned: ids only
    "advocate": _ids("that a contact refers, and how often it counted"),
    "link": _ids("an advocate's permanent code, and its clicks"),
    "referral": _ids("which contact an advocate referred, and the evidence"),
    "acceptance": _ids("which terms an advocate accepted"),
    "standing": _ids("how far an advocate is on the ladder"),
    "conversion": _ids(_DECIDED, kept="money"),
    "reward": _ids("what an advocate or friend earned", kept="money"),
    "debt": _ids("what an advocate owes", kept="money"),
    "credit_account": _ids("a person's service credit", kept="money"),
    "credit_use": _ids("a credit taken off an invoice", kept="money"),
    "discount_code": _ids("a code worth money off", kept="money"),
    "payee_year": _ids("what a payer paid a person in a year", kept="money"),
    "entry": _ids("a journal entry: reward, accounts, amounts", kept="for_ever"),
    "audit": _ids("which member did what to which id", kept="for_ever"),
    "frequency": _ids("which marketing messages left for a contact lately"),
    "referral_credit": _ids("which message a referral is counted for"),
    "counted_message": _ids("that a message was counted"),
    "crm_record": _ids("a CRM's record: its ids and status"),
    "crm_part": _ids("a part of a CRM's record: its ids"),
    "erasure": _ids("that a person was erased, with keyed hashes", kept="for_ever"),
    "retention_mark": _OURS,
    "erased_key": _ids("keyed hash of an address or CRM id of an erased person", kept="for_ever", exported=False),
    "export": _ids("that a copy was asked for; its files are gone after three days", kept="organization"),
    "open_door": _ids("keyed hash of a number that may be answered on WhatsApp", exported=False),
    "receipt": _ids("a provider's id of a message", exported=False),
    "came_by": _ids("that referrals came by a code", exported=False),
    "door": _ids("what a code leads to", exported=False),
    "page_token": _ids("what a page's token leads to", exported=False),
    "moved_contact": _ids("which contact somebody of a branch is that came here", exported=False),
    "moved_key": _ids("keyed hashes of an address on both sides of a sold branch", kept="for_ever", exported=False),
    "open_payout": _ids("that a payout is not at its end", exported=False),
    "usage_mark": _ids("that a message or a referral was counted", exported=False),
    # Kept for a while
    "inbox": Holding("a webhook as it came, names and addresses included", "expires", exported=False, kept="inbox"),
    "idempotency_key": Holding("the answer a member got, to be repeated", "expires", exported=False, kept="answer"),
    "mail_count": Holding("", "expires", exported=False, kept="mail"),
    "mail_trouble": Holding("a message's id", "expires", exported=False, kept="mail"),
    # The organization's own
    "organization": _nothing(),
    "location_transfer": _nothing("offer_id"),
    "transfer_offer": _OURS,
    "legal_entity": _nothing(),
    "location": _nothing(),
    "member": _nothing(),  # name and e-mail of staff, while the organization has an account
    "connection": _nothing("secret_ciphertext", "credentials_ciphertext", "hook_token"),
    "vendor_account": _nothing("secret_ciphertext", "hook_token"),
    "program": _nothing(),
    "program_text": _nothing(),
    "tariff_item": _nothing(),
    "budget": _nothing(),
    "spend": _nothing(),
    "campaign": _nothing(),
    "campaign_version": _nothing(),
    "template": _nothing(),
    "template_version": _nothing(),
    "sender": _nothing(),
    "switch": _nothing(),
    "funding": _nothing(),
    "funnel_day": _nothing(),
    "closed_month": _nothing(),
    "provider_statement": _nothing(),
    "call_budget": _nothing(),
    "crew_member": _nothing(),  # name of staff, on their own QR code
    "invitation": _nothing(),
    "api_key": _nothing(),
    "connection_health": _nothing(),
    "hook_refusal": _nothing(),
    "import": _nothing(),
    "import_step": _nothing(),
    "report_day": _nothing(),
    "report_month": _nothing(),
    "advocate_standing": _ids("how far an advocate came in a period"),
    "ad_spend": _nothing(),
    "report_digest": _nothing(),
    "subscription": _nothing(),
    "usage_day": _nothing(),
    "logo": _OURS,
    "report_share": _OURS,
    "report_digest_clock": _OURS,
    "trial_clock": _OURS,
    "call_minute": _OURS,
    "challenge": _OURS,
    "tally": _OURS,
    "session": _OURS,
    "google_client": _OURS,
    "google_attempt": _OURS,
    "google_identity": _OURS,
    "key_door": _OURS,
    "person": _OURS,  # who signs in, across organizations: their e-mail, while they do
    "handout": _OURS,
    "hook": _OURS,
    "billing_customer": _OURS,
    "platform_account": _OURS,
    "hourly_work": _OURS,
    "lane": _OURS,
    "lane_share": _OURS,
    "rate_slot": _OURS,
}  # fmt: skip
