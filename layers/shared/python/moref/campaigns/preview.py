"""Which step of a campaign would fire when, for one person, and why not: the real walk over what is assumed of them.

Nothing is written, and no link is made. Each message gets the last look as of its time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from moref.campaigns.begin import OF_JOBS, enrollment_id
from moref.campaigns.blocked import STOP_CONDITION, blocked
from moref.campaigns.conditions import holds
from moref.campaigns.definition import Definition, Send, Sentiment
from moref.campaigns.effective import definition_of, effective
from moref.campaigns.effects import planned_step
from moref.campaigns.follow import places_of
from moref.campaigns.known import StoreKnown
from moref.campaigns.model import Enrollment, StepRun
from moref.campaigns.walk import Position, first, walk
from moref.campaigns.zones import zone
from moref.intake.model import Contact, Job
from moref.kernel.errors import BadInput
from moref.messaging.last_look import Skip, Wait, last_look
from moref.messaging.model import Message
from moref.records import Create, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

MOST_STEPS = 60  # more than a definition has
StepKind = Literal["send", "wait", "branch", "task", "stop"]


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the person is taken to do, from the beginning on."""

    score: int | None = None
    sentiment: Sentiment | None = None
    clicked: bool = False
    quoted: bool = False
    booked: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """`at` is UTC; `local` the same moment at the person, in `zone`. A wait's time is its end."""

    step: str
    kind: StepKind
    at: datetime
    local: datetime
    zone: str
    channel: str | None = None  # of a message
    words: str | None = None  # which way a branch goes, what ended a wait
    why_not: str | None = None  # why the message would not leave, or not then


@dataclass(frozen=True, slots=True)
class Preview:
    """`why_not`: why the person would not enter the campaign at all; the steps are shown as if they did."""

    why_not: list[str]
    steps: list[Planned]


def preview(
    runtime: Runtime,
    organization_id: str,
    campaign_id: str,
    *,
    contact_id: str | None = None,
    job_id: str | None = None,
    at: datetime | None = None,
    assumed: Assumed = Assumed(),
    definition: Definition | None = None,
) -> Preview:
    """For a job's customer, or any contact, as if what starts the campaign happened at `at` (default: now).

    `definition`: one that is not saved yet. Raises NotFound; BadInput when neither contact nor job is named.
    """
    then = replace(runtime, clock=_Moment(at or runtime.clock.now()))
    made = _enrollment(then, organization_id, campaign_id, contact_id, job_id)
    if definition is None:
        found = effective(runtime.store, organization_id, campaign_id, made.location_id)
        definition = definition_of(runtime.store, organization_id, found)
    made = made.model_copy(update={"trigger": definition.trigger.kind})
    if definition.trigger.kind not in OF_JOBS:
        made = made.model_copy(update={"token": None})
    known = _AssumedKnown(then, made, assumed)
    contact = get(runtime.store, Contact, organization_id, made.contact_id)
    steps = list(_steps(then, definition, known, contact))
    return Preview(list(_why_not(then, definition, known)), steps)


class _Moment:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


class _AssumedKnown(StoreKnown):
    def __init__(self, runtime: Runtime, enrollment: Enrollment, assumed: Assumed) -> None:
        super().__init__(runtime, enrollment)
        self._assumed = assumed

    @property
    def score(self) -> int | None:
        return self._assumed.score

    @property
    def sentiment(self) -> Sentiment | None:
        return self._assumed.sentiment

    @property
    def clicked(self) -> bool:
        return self._assumed.clicked

    @property
    def quoted(self) -> bool:
        return self._assumed.quoted

    @property
    def booked(self) -> bool:
        return self._assumed.booked


def _enrollment(runtime: Runtime, org: str, campaign_id: str, contact_id: str | None, job_id: str | None) -> Enrollment:
    job = get(runtime.store, Job, org, job_id) if job_id else None
    whose = contact_id or (job.contact_id if job else None)
    if whose is None:
        raise BadInput("say whose preview: contact_id or job_id", field="contact_id")
    contact, now = get(runtime.store, Contact, org, whose), runtime.clock.now()
    location_id = job.location_id if job else contact.location_id
    return Enrollment(
        organization_id=org, id=enrollment_id(org, campaign_id, job_id or whose), created_at=now, updated_at=now,
        campaign_id=campaign_id, version_id="", trigger="job_completed", cause=job_id or whose, began_at=now,
        contact_id=whose, job_id=job_id, location_id=location_id,
        places=places_of(runtime, org, location_id, whose, job), token="preview", link_code="PREVIEW",  # noqa: S106
    )  # fmt: skip


def _why_not(runtime: Runtime, definition: Definition, known: StoreKnown) -> Iterator[str]:
    store, enrollment = runtime.store, known.enrollment
    org = enrollment.organization_id
    found = effective(store, org, enrollment.campaign_id, enrollment.location_id)
    if found.status != "active":
        yield f"the campaign is {found.status}"
    organization, location = get(store, Organization, org, org), get(store, Location, org, enrollment.location_id)
    if (organization.status, location.status) != ("active", "active"):
        yield "organization or location is not active"
    if not setting(organization, location, "campaigns"):
        yield "campaigns are switched off here"
    if (condition := blocked(store, org, enrollment.contact_id, known.job)) is not None:
        yield f"{STOP_CONDITION}: {condition}"
    if not holds(definition.trigger.when, known):
        yield "the condition of the trigger does not hold"


def _steps(runtime: Runtime, definition: Definition, known: _AssumedKnown, contact: Contact) -> Iterator[Planned]:
    position = first(definition, known.enrollment.id)
    shown: set[str] = set()
    for _ in range(MOST_STEPS):
        walked = walk(position, definition, known)
        verdicts = {name: _message(runtime, known, name, step, contact) for name, step in walked.effects
                    if isinstance(step, Send)}  # fmt: skip
        position = walked.position
        for name, run in position.steps.items():
            if name not in shown and run.status != "scheduled":
                shown.add(name)
                yield _row(name, run, definition, known, verdicts.get(name, (None, None)))
        known.enrollment = _remembered(known, position, set(verdicts))
        if position.at is None:
            return
        known.now = position.steps[position.at].due_at


def _remembered(known: StoreKnown, position: Position, sent: set[str]) -> Enrollment:
    """With the messages noted, so that "no answer after N days" counts from the first."""
    before = known.enrollment.steps
    steps = {
        name: run.model_copy(update={"message_id": "preview"})
        if name in sent or (name in before and before[name].message_id)
        else run
        for name, run in position.steps.items()
    }
    return known.enrollment.model_copy(update={"steps": steps})


def _row(
    name: str, run: StepRun, definition: Definition, known: StoreKnown, verdict: tuple[str | None, str | None]
) -> Planned:
    at, place = run.done_at or run.due_at, known.places[0].zone
    why_not = run.reason if run.status == "skipped" else verdict[1]
    words = run.reason if run.status == "done" else None
    local = at.astimezone(zone(place))
    return Planned(name, definition.steps[name].kind, at, local, place, verdict[0], words, why_not)


def _message(
    runtime: Runtime, known: StoreKnown, name: str, step: Send, contact: Contact
) -> tuple[str | None, str | None]:
    """(channel, why it would not leave then)."""
    then = replace(runtime, clock=_Moment(known.now))
    try:
        write = planned_step(then, known.enrollment, (name, step), contact)[1][0]
    except BadInput as error:
        return None, error.detail
    if not isinstance(write, Create) or not isinstance(write.entity, Message):
        raise TypeError("planned gives a message first")
    # Not the enrollment's: there is none yet.
    message = write.entity.model_copy(update={"enrollment_id": None})
    verdict = last_look(then, message)
    if isinstance(verdict, Skip):
        return message.channel, verdict.reason
    return message.channel, verdict.reason if isinstance(verdict, Wait) else None
