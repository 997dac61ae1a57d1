"""Who gets the credit for a referral and why, what holds it, and what comes next by when; redacted for each audience.

Staff see ids, names and rivals. An advocate or a partner sees their own evidence by kind and day, and the state of
their own reward: never the friend's data, nor anything of a rival, nor the words staff have for a suspicion.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from moref.conversions.judge import conversion_id
from moref.conversions.model import CONDITIONS, Conversion, Hold
from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel.clock import iso
from moref.records import get
from moref.referrals.attribution import CLOSE, STRENGTH, winner
from moref.referrals.dispute import LOOKUP as CLAIMS
from moref.referrals.model import Advocate, Dispute, Evidence, EvidenceKind, Referral
from moref.referrals.recognise import recognised
from moref.rewards.model import Reward
from moref.runtime import Runtime

Audience = Literal["staff", "advocate", "partner"]
AUDIENCES: tuple[str, ...] = get_args(Audience)
PROMISE = timedelta(hours=48)
MOST_OTHERS = 20

KINDS: dict[EvidenceKind, str] = {
    "code_at_intake": "the code was given when the job was taken in",
    "quote_form": "the quote form of the link was filled in",
    "lead_submitted": "the lead was sent by the partner, or by staff for it",
    "person_match": "the customer was recognised by phone, e-mail, home or name",
    "staff": "staff recorded who referred them",
    "import": "a list from before says so",
    "name_mention": "the customer named the advocate",
}
ENDS: dict[str, str] = {
    "duplicate": "Another referral of the same person was documented first.",
    "removed": "It was taken back: the attribution was a mistake.",
    "ineligible": "It does not count under the program's rules.",
    "lost": "The person did not become a customer.",
}
# What of the conditions the advocate can do something about.
FOR_ADVOCATES: dict[str, str] = {
    "terms": "The program's terms are to be accepted first.",
    "tax": "Tax details are needed before more can be paid this year.",
    "attestation": "Your company's attestation is needed first.",
}
CHECKING = "We are checking something before it can be approved."


@dataclass(frozen=True, slots=True)
class _State:
    referral: Referral
    conversion: Conversion | None
    reward: Reward | None


def explain(runtime: Runtime, organization_id: str, referral_id: str, audience: Audience) -> dict[str, Any]:
    """JSON types. Raises NotFound."""
    referral = get(runtime.store, Referral, organization_id, referral_id)
    conversion = runtime.store.find(Conversion, organization_id, conversion_id(organization_id, referral_id))
    reward_id = conversion.reward_id if conversion else None
    reward = runtime.store.find(Reward, organization_id, reward_id) if reward_id else None
    state, staff = _State(referral, conversion, reward), audience == "staff"
    words, by = next_step(state)
    return {
        "referral_id": referral.id,
        "audience": audience,
        "status": referral.status,
        "credit": _credit(runtime, referral, staff),
        "why": _why(referral),
        "evidence": [_shown(piece, audience) for piece in sorted(referral.evidence, key=lambda piece: piece.at)],
        "others": _rivals(runtime, referral) if staff else [],
        "holds": [_hold(hold, staff) for hold in (conversion.open_holds() if conversion else [])],
        "reward": None if reward is None else _reward(reward),
        "disputes": _disputes(runtime, referral) if staff else [],
        "next": {"words": words, "by": iso(by) if by else None},
    }


def next_step(state: _State) -> tuple[str, datetime | None]:
    """What comes next, and by when, where somebody promised it."""
    if state.referral.status in ENDS:
        return "Nothing more happens.", None
    if state.reward is not None:
        return _of_reward(state.reward)
    if state.conversion is not None:
        return _of_conversion(state.conversion)
    if state.referral.job_id is None:
        return "It counts when the person becomes a customer; there is no time limit.", None
    if state.referral.status == "cancelled":
        return "The job was cancelled; it counts for the person's next one.", None
    return "It is judged when the job has come as far as the program asks.", None


def _of_conversion(conversion: Conversion) -> tuple[str, datetime | None]:
    since = conversion.waiting_since or conversion.qualified_at
    if any(hold.rule == "second_approver" for hold in conversion.open_holds()):
        return "One member has approved it; a second one has to.", since + PROMISE
    if conversion.status == "held":
        return "Staff look at what holds it and decide.", since + PROMISE
    if conversion.status == "pending":
        if conversion.terms.approval == "automatic" and not conversion.by_hand:
            return "It is approved by itself when the program's waiting time is over.", _hold_ends(conversion)
        return "Staff approve or reject it.", since + PROMISE
    if conversion.status == "withdrawn":
        return "The job was undone; it counts again when the job does.", None
    return ("It was rejected." if conversion.status == "rejected" else "It was approved, and earns no reward."), None


def _hold_ends(conversion: Conversion) -> datetime | None:
    """None when it counts from a fact of the job that may still be to come."""
    terms = conversion.terms
    if terms.hold_fact not in (None, terms.qualifying_fact):
        return None
    return conversion.qualified_at + timedelta(days=terms.hold_days)


def _of_reward(reward: Reward) -> tuple[str, datetime | None]:
    if reward.status == "pending":
        begins = reward.released_at or reward.release_at or reward.approved_at
        return "The reward is being sent.", begins + PROMISE
    words = {"issued": "The reward was sent.", "redeemed": "The reward was redeemed.", "expired": "The reward expired."}
    return words.get(reward.status, "The reward was taken back or could not be sent; staff know why."), None


def _why(referral: Referral) -> dict[str, Any]:
    if referral.status in ENDS:
        return {"words": ENDS[referral.status], "kind": None, "at": None}
    piece = winner(referral.evidence)
    if piece is None:
        return {"words": "No evidence is kept.", "kind": None, "at": None}
    rule = (
        f"The earliest documented evidence wins; within {int(CLOSE.total_seconds() // 60)} minutes the stronger kind."
    )
    return {"words": f"On {piece.at:%d %B %Y} {KINDS[piece.kind]}. {rule}", "kind": piece.kind, "at": iso(piece.at)}


def _credit(runtime: Runtime, referral: Referral, staff: bool) -> dict[str, Any]:
    credited = referral.status not in ENDS
    if not staff:
        return {"credited": credited, "advocate_id": None, "name": "you" if credited else None}
    advocate = runtime.store.find(Advocate, referral.organization_id, referral.advocate_id)
    contact = current(runtime.store, referral.organization_id, advocate.contact_id) if advocate else None
    name = f"{contact.first_name} {contact.last_name}".strip() if contact else None
    return {"credited": credited, "advocate_id": referral.advocate_id, "name": name}


def _shown(piece: Evidence, audience: Audience) -> dict[str, Any]:
    """To others than staff the day and the kind; a partner works with codes and sees which."""
    found = {"kind": piece.kind, "words": KINDS[piece.kind], "strength": STRENGTH.index(piece.kind) + 1}
    if audience == "staff":
        return found | {"at": iso(piece.at), "code": piece.code, "source_id": piece.source_id}
    code = piece.code if audience == "partner" else None
    return found | {"at": f"{piece.at:%Y-%m-%d}", "code": code, "source_id": None}


def _rivals(runtime: Runtime, referral: Referral) -> list[dict[str, Any]]:
    """Other referrals of the same person, for staff alone."""
    contact: Contact | None = current(runtime.store, referral.organization_id, referral.contact_id)
    if contact is None:
        return []
    found = recognised(runtime.store, runtime.keys, contact).sure
    return [
        {
            "referral_id": other.id, "advocate_id": other.advocate_id, "status": other.status,
            "kind": piece.kind if piece else None, "at": iso(piece.at) if piece else None,
        }
        for other in sorted(found.values(), key=lambda each: each.id)[:MOST_OTHERS]
        if other.id != referral.id
        for piece in [winner(other.evidence)]
    ]  # fmt: skip


def _hold(hold: Hold, staff: bool) -> dict[str, Any]:
    if staff:
        return {"rule": hold.rule, "words": hold.words}
    told = hold.rule in CONDITIONS and hold.rule in FOR_ADVOCATES
    return {"rule": hold.rule if told else None, "words": FOR_ADVOCATES[hold.rule] if told else CHECKING}


def _reward(reward: Reward) -> dict[str, Any]:
    return {"id": reward.id, "status": reward.status, "amount": reward.amount, "currency": reward.currency}


def _disputes(runtime: Runtime, referral: Referral) -> list[dict[str, Any]]:
    """Of whoever claims the job."""
    org = referral.organization_id
    ids = runtime.store.lookup(org, CLAIMS, referral.job_id) if referral.job_id else []
    found = [case for id in sorted(ids)[:MOST_OTHERS] if (case := runtime.store.find(Dispute, org, id)) is not None]
    return [
        {"id": case.id, "status": case.status, "stage": case.stage, "deadline": iso(case.deadline)} for case in found
    ]
