"""The counters of the funnel, and what makes each message and each referral count once."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.messaging.model import Channel
from moref.records import Entity

Stage = Literal["sent", "delivered", "opened", "clicked", "quoted", "booked"]
STAGES: tuple[Stage, ...] = ("sent", "delivered", "opened", "clicked", "quoted", "booked")
CAME_BY = "came_by"  # look-up kind: a link's code leads to the referrals that were credited by it


class Counted(Entity):
    """What is counted of one message; id is the message's. Where it counts is fixed when it is first counted."""

    noun: ClassVar[str] = "counted_message"

    campaign_id: str
    location_id: str
    step: str
    channel: Channel
    day: str  # ISO date, UTC, of sending
    quoted: int = 0  # credited referrals that asked for a quote
    booked: int = 0  # of these, the booked ones
    stages: list[Stage] = Field(default_factory=list)  # in the order of STAGES
    settled: bool = False  # what came by its link before it was known to have left was looked at again

    def parent(self) -> str:
        return self.campaign_id


class Credit(Entity):
    """Which message a referral is credited to, and what for; id is the referral's."""

    noun: ClassVar[str] = "referral_credit"

    message_id: str | None = None
    quoted: bool = False
    booked: bool = False

    def parent(self) -> str | None:
        return self.message_id


class CameBy(Entity):
    """The latest time at which a referral came by a link; id is the code. A message that is found to have left before
    that may take over its credit."""

    noun: ClassVar[str] = "came_by"

    latest: AwareDatetime


class FunnelDay(Entity):
    """The counters of one campaign at one location (ALL: at every one) for messages sent on one day (UTC), which is
    `created_at`."""

    noun: ClassVar[str] = "funnel_day"

    campaign_id: str
    location_id: str
    day: str
    counts: dict[str, dict[Stage, int]] = Field(default_factory=dict)  # "<step>.<channel>" -> stage -> messages

    def parent(self) -> str:
        return funnel_of(self.campaign_id, self.location_id)


def funnel_of(campaign_id: str, location_id: str) -> str:
    """Under what the days of a campaign at a location are listed."""
    return f"{campaign_id}.{location_id}"
