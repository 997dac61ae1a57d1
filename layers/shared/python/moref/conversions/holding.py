"""The holds of a conversion as they stand after another look. Pure."""

from collections.abc import Sequence
from datetime import datetime

from moref.conversions.model import ACTS, CONDITIONS, Conversion, Hold


def after_a_look(known: Sequence[Hold], people: Sequence[Hold], missing: Sequence[Hold], now: datetime) -> list[Hold]:
    """What is learnt before the decision counts; a hold that staff closed stays closed.

    A condition that is met is lifted; one that was met before and is missing again is open again, unless staff have
    set it aside.
    """
    lacking = {hold.rule: hold for hold in missing}
    kept = [_condition(hold, lacking.get(hold.rule), now) for hold in known]
    rules = {hold.rule for hold in kept}
    return [*kept, *(hold for hold in (*people, *missing) if hold.rule not in rules)]


def _condition(hold: Hold, lacking: Hold | None, now: datetime) -> Hold:
    if hold.rule not in CONDITIONS or hold.rule == "second_approver" or hold.closed_by not in (None, "policy"):
        return hold
    if lacking is None:
        return hold.model_copy(update={"open": False, "closed_by": "policy", "closed_at": now}) if hold.open else hold
    return lacking.model_copy(
        update={"appeal": hold.appeal, "appealed_by": hold.appealed_by, "appealed_at": hold.appealed_at}
    )


def closed(hold: Hold, actor: str, now: datetime) -> Hold:
    return hold.model_copy(update={"open": False, "closed_by": actor, "closed_at": now})


def reopened(hold: Hold) -> Hold:
    return hold.model_copy(update={"open": True, "closed_by": None, "closed_at": None})


def policy_may(conversion: Conversion) -> bool:
    """Whether the policy may still decide: nothing open, and whatever held it was met by somebody's recorded act."""
    return not conversion.by_hand and all(
        not hold.open and hold.rule in ACTS and hold.closed_by == "policy" for hold in conversion.holds
    )
