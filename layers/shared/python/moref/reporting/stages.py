"""How far a message and a referral are, and which message a click or a referral is credited to. Pure.

A click on a link, a quote and a booking are credited to one message: the last of a campaign that carried the link and
left before. So what is added up over steps, channels and campaigns counts nothing twice.
"""

from collections.abc import Iterable
from datetime import datetime

from moref.messaging.model import Message
from moref.referrals.model import Referral, ReferralStatus
from moref.reporting.model import STAGES, Stage

_NEVER_CAME: tuple[ReferralStatus, ...] = ("duplicate", "ineligible", "removed")
_BOOKED: tuple[ReferralStatus, ...] = ("booked", "completed", "invoiced", "qualified")
_QUOTED: tuple[ReferralStatus, ...] = ("quoted", *_BOOKED)


def of_campaign(message: Message) -> bool:
    return message.direction == "out" and message.enrollment_id is not None and message.step is not None


def sent_at(message: Message) -> datetime | None:
    """None: as far as we know it has not left. One that was given up may turn out to have arrived."""
    return (message.sent_at or message.delivered_at) if of_campaign(message) else None


def left(message: Message) -> bool:
    return sent_at(message) is not None


def stages(message: Message, *, quoted: int, booked: int) -> list[Stage]:
    """In their order. Who clicked has opened it, and who opened it was reached, whatever the carrier told us."""
    if not left(message):
        return []
    clicked = message.clicked_at is not None
    opened = clicked or message.opened_at is not None
    delivered = opened or message.status == "delivered"
    reached = (True, delivered, opened, clicked, quoted > 0, booked > 0)
    return [stage for stage, there in zip(STAGES, reached, strict=True) if there]


def credited(messages: Iterable[Message], at: datetime) -> Message | None:
    """The last that left before. A text can be clicked before its answer is noted: it left when it was claimed."""
    gone = [(_left_at(message), message.id, message) for message in messages if left(message)]
    before = [each for each in gone if each[0] <= at]
    return max(before)[2] if before else None


def doubtful(messages: Iterable[Message], at: datetime) -> list[Message]:
    """Those that may yet turn out to have left before."""
    return [message for message in messages if not left(message) and message.claimed_at and message.claimed_at <= at]


def _left_at(message: Message) -> datetime:
    at = message.claimed_at or sent_at(message)
    if at is None:
        raise TypeError("a message that left has a time")
    return at


def came_at(referral: Referral) -> datetime:
    """When it came by its link; else when it was first known."""
    by_link = [evidence.at for evidence in referral.evidence if evidence.code == referral.code]
    return min(by_link, default=referral.created_at)


def worth(referral: Referral) -> tuple[bool, bool]:
    """(asked for a quote, booked) as things stand; a booking that was cancelled is none."""
    if referral.status in _NEVER_CAME:
        return False, False
    quoted = referral.lead_id is not None or referral.status in _QUOTED
    return quoted, referral.status in _BOOKED
