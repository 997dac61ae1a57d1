"""What became of a lead, with its times: received, the rule that judges it, how far it came, and why it is not paid.

Joined from what is there: nothing of it is stored a second time. For the partner it is redacted as explanations are:
of the person it shows what the partner typed, and no more.
"""

from datetime import datetime
from typing import Any

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.intake.model import Job
from moref.kernel.clock import iso
from moref.programs.in_force import program_for
from moref.programs.model import QualifyingFact
from moref.records import get
from moref.referrals.explain import ENDS, Audience, explain
from moref.referrals.model import Advocate, Lead, Referral
from moref.runtime import Runtime

STAGES = ("quoted", "booked", "completed", "invoiced", "paid", "cancelled")  # facts of the CRM, in their order
COUNTS: dict[QualifyingFact, str] = {
    "lead_qualified": "It counts when the company takes the lead as a good one.",
    "booked": "It counts when the move is booked.",
    "completed": "It counts when the move is done.",
    "invoiced": "It counts when the move is invoiced.",
    "paid": "It counts when the customer has paid.",
}
PAID = ("issued", "redeemed")


def statement(runtime: Runtime, organization_id: str, referral_id: str, audience: Audience) -> dict[str, Any]:
    """JSON types. Raises NotFound."""
    store, org = runtime.store, organization_id
    referral = get(store, Referral, org, referral_id)
    conversion = store.find(Conversion, org, conversion_id(org, referral_id))
    told = explain(runtime, org, referral_id, audience)
    lead = submitted(runtime, referral)
    return {
        "referral_id": referral.id,
        "lead_id": lead.id if lead else referral.lead_id,
        "received_at": iso(lead.created_at if lead else referral.created_at),
        "submitted_by": lead.submitted_by if lead else "friend",
        "person": (lead.submitted_name or None) if lead else None,
        "rule": _rule(runtime, referral, conversion),
        "stages": _stages(runtime, referral),
        "not_paid_because": _why_not(told),
        "explanation": told,
    }


def submitted(runtime: Runtime, referral: Referral) -> Lead | None:
    """The first lead that the partner, or staff for it, sent of this person; None when they came by themselves."""
    sent = sorted((piece for piece in referral.evidence if piece.kind == "lead_submitted"), key=lambda piece: piece.at)
    return runtime.store.find(Lead, referral.organization_id, sent[0].source_id) if sent else None


def _rule(runtime: Runtime, referral: Referral, conversion: Conversion | None) -> dict[str, Any]:
    """The one it was judged by; before that the one that is in force for the days when it came."""
    if conversion is not None:
        fact, name, number = conversion.terms.qualifying_fact, conversion.program_id, conversion.program_version
        return {"program_id": name, "program_version": number, "judged": True, "words": COUNTS[fact]}
    org = referral.organization_id
    advocate = get(runtime.store, Advocate, org, referral.advocate_id)
    first = min((piece.at for piece in referral.evidence), default=referral.created_at)
    program = program_for(runtime.store, org, referral.location_id, advocate.kind, first)
    if program is None:
        words = "No program rewards this at the moment."
        return {"program_id": None, "program_version": None, "judged": False, "words": words}
    words = COUNTS[program.qualifying_fact]
    return {"program_id": program.id, "program_version": program.version, "judged": False, "words": words}


def _stages(runtime: Runtime, referral: Referral) -> list[dict[str, str]]:
    """What the CRM said of the job, while it is this referral's."""
    if referral.status in ENDS or referral.job_id is None:
        return []
    job = runtime.store.find(Job, referral.organization_id, referral.job_id)
    if job is None:
        return []
    reached: list[tuple[str, datetime]] = [(kind, job.facts[kind].at) for kind in STAGES if job.holds(kind)]  # type: ignore[arg-type]  # each is a kind of fact
    return [{"stage": kind, "at": iso(at)} for kind, at in reached]


def _why_not(told: dict[str, Any]) -> list[str]:
    """In words; empty once the reward was sent."""
    reward = told["reward"]
    if reward is not None and reward["status"] in PAID:
        return []
    why = told["why"]["words"] if not told["credit"]["credited"] else None
    return [*dict.fromkeys(filter(None, (why, *(hold["words"] for hold in told["holds"]), told["next"]["words"])))]
