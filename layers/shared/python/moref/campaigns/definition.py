"""A campaign as people configure it: what starts it, and a graph of steps without cycles.

Every step runs at most once for an enrollment. `next` None ends the journey. Whatever is wrong with a definition is
refused when it is saved (check_definition), with the place named; the engine may rely on that.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TriggerKind = Literal[
    "job_completed",  # the job's customer
    "job_invoiced",  # the job's customer
    "feedback_given",  # the customer who gave it
    "link_clicked",  # the advocate: the first click, no quote yet
    "quoted",  # the friend who asked for a quote, not booked yet
    "reward_issued",  # the advocate
    "partner_onboarded",  # the partner
]
Awaited = Literal["answered", "clicked", "quoted", "booked"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]  # at the recipient, first candidate place
Sentiment = Literal["positive", "neutral", "negative"]
AdvocateKind = Literal["customer", "partner", "house"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """Everything that is given must hold; nothing given holds always. Read anew whenever it is asked."""

    happy: bool | None = (
        None  # the score reaches the location's setting `feedback_threshold`; nobody without a score is
    )
    score_at_least: int | None = Field(default=None, ge=1, le=5)
    score_at_most: int | None = Field(default=None, ge=1, le=5)
    sentiment: list[Sentiment] | None = None
    answered: bool | None = None  # gave a score
    no_answer_days: int | None = Field(default=None, ge=1, le=60)  # asked that long ago (same wall time), no score
    clicked: bool | None = None  # the advocate's link, since the enrollment began
    quoted: bool | None = None
    booked: bool | None = None
    job_types: list[str] | None = None
    amount_at_least: int | None = Field(default=None, ge=0)  # minor units of the job's currency
    amount_at_most: int | None = Field(default=None, ge=0)
    location_ids: list[str] | None = None
    advocate_kinds: list[AdvocateKind] | None = None
    setting: str | None = None  # name of a yes / no setting that is on at the location

    def looks_at_feedback(self) -> bool:
        """Whether the score or its tone decides: what stands behind such a branch must not hold the review link."""
        fields = (self.happy, self.score_at_least, self.score_at_most, self.sentiment)
        return any(value is not None for value in fields)


class Send(_Part):
    kind: Literal["send"]
    template: str
    channel: Literal["best", "sms", "email", "whatsapp"] = "best"  # best: text where it is allowed, else e-mail
    next: StepName | None = None


class Wait(_Part):
    """Exactly one of minutes, days, setting, at. `until` ends it early. Times are wall times at the recipient."""

    kind: Literal["wait"]
    minutes: int | None = Field(default=None, ge=0, le=60 * 24 * 7)
    days: int | None = Field(default=None, ge=1, le=365)  # the same wall time
    setting: str | None = None  # a whole-number setting that ends in _minutes or _days
    at: WallTime | None = None  # the next such time; with `weekdays`, on the next such day
    weekdays: list[Weekday] | None = None
    until: Awaited | None = None
    next: StepName | None = None


class Case(_Part):
    when: Condition
    next: StepName | None = None


class Branch(_Part):
    """The first case that holds; `otherwise` when none does."""

    kind: Literal["branch"]
    cases: list[Case] = Field(min_length=1, max_length=20)
    otherwise: StepName | None = None


class Task(_Part):
    """Something for the location's staff to do."""

    kind: Literal["task"]
    words: str = Field(min_length=1, max_length=500)
    mail: bool = True  # the branch is told by e-mail, too
    next: StepName | None = None


class Stop(_Part):
    kind: Literal["stop"]
    reason: str = Field(default="stopped by the campaign", max_length=200)


Step = Annotated[Send | Wait | Branch | Task | Stop, Field(discriminator="kind")]


class Trigger(_Part):
    kind: TriggerKind
    when: Condition = Condition()


class Definition(_Part):
    trigger: Trigger
    first: StepName
    steps: dict[StepName, Step] = Field(min_length=1, max_length=50)


def following(step: Send | Wait | Branch | Task | Stop) -> list[str]:
    """The names a step leads to, in order; ends are left out."""
    if isinstance(step, Stop):
        return []
    ways = [*(case.next for case in step.cases), step.otherwise] if isinstance(step, Branch) else [step.next]
    return [name for name in ways if name is not None]
