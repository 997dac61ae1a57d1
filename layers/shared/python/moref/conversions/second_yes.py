"""When one member's yes is not enough: much money, or a hold about staff themselves.

Whoever lifts a hold which says that an advocate may be a member of staff, or the referred person, does not approve
alone: it is how somebody would pay themselves. Another member has lifted it, or has said yes as well. Where nobody
else may approve, it is allowed, and the decision says so. An API key is nobody's second yes, and lifts no such hold.
"""

from moref.conversions.conditions import Sight, at_stake
from moref.conversions.model import Hold, Rule
from moref.kernel.money import Money
from moref.records import Store, every
from moref.tenants.model import Member

APART: dict[Rule, str] = {
    "employee": "the advocate may be a member of staff",
    "self_referral": "the referred person may be the advocate",
}
ALONE = "Whoever lifted the hold approved alone: nobody else may approve at this location"


def too_much(seen: Sight) -> str | None:
    """Why the amount takes two members, in words; None: it does not."""
    over = seen.conversion.terms.second_approver_over
    if over is None or at_stake(seen) <= over:
        return None
    return f"More than {Money(over, seen.conversion.terms.currency).for_people()} takes two members; one has approved."


def lifts(found: list[Hold], actor: str) -> str | None:
    """Why whoever lifted a hold, or would by this approval, needs another one, in words; None: they lift none."""
    why = [APART[hold.rule] for hold in found if hold.rule in APART and (hold.open or hold.closed_by == actor)]
    if not why:
        return None
    return f"It was held because {' and '.join(why)}. Whoever lifts that does not approve alone; one has approved."


def nobody_else(store: Store, organization_id: str, location_id: str, actor: str) -> bool:
    """Whether no other member may approve at the location. The list may lag by moments."""
    able = (one for one in every(store, Member, organization_id, status="active") if one.role != "member")
    return not any(
        one.id != actor and (one.location_ids is None or location_id in one.location_ids) for one in able
    )  # fmt: skip
