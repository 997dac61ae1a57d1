"""The campaigns there are, as data. So far one: ask for a score, invite who is happy, remind once.

Nothing here carries the public review link: it stands on the page behind `ask`, the same for every score.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One message. `after` names what starts it; `setting` the delay in its own unit (None: at once)."""

    template: str
    path: Literal["waiting", "happy"]  # the path an enrollment must be on when it fires
    after: str  # "completed" (fact), "feedback", or the step before
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    name: str
    version: int
    steps: dict[str, Step]


ASK, INVITE, REMIND = "ask", "invite", "remind"

AFTER_JOB = Campaign(
    name="after_job",
    version=1,
    steps={
        ASK: Step(template="ask", path="waiting", after="completed", setting="ask_delay_minutes"),
        INVITE: Step(template="invite", path="happy", after="feedback"),
        REMIND: Step(template="remind", path="happy", after=INVITE, setting="remind_after_days"),
    },
)
CAMPAIGNS = {AFTER_JOB.name: AFTER_JOB}
MAX_AGE_HOURS = 72  # a completion heard of later than this starts nothing (rules.md "old jobs")
