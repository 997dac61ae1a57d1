"""One contact inside one campaign, and the feedback they gave."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.campaigns.definition import Definition, Sentiment, TriggerKind
from moref.campaigns.places import Place
from moref.records import Entity

JOURNEY = "journey"  # look-up kind: contact, or job, leads to enrollments

StepStatus = Literal["scheduled", "done", "skipped", "cancelled"]
EnrollmentStatus = Literal["active", "held", "finished", "stopped"]


class StepRun(BaseModel):
    """What became of one step; it runs at most once. `reason`: why skipped or cancelled, or which way a branch went."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    due_at: AwareDatetime
    status: StepStatus = "scheduled"
    reason: str | None = None
    message_id: str | None = None
    done_at: AwareDatetime | None = None


class Enrollment(Entity):
    """One contact inside one campaign. id is derived from (campaign, cause): a cause enrolls once.

    `at` is the step it stands at, whose run is scheduled; None when it is over. It stays on the version it began on.
    Found by look-up kind "journey" (contact id, job id). Held: a step came due while the campaign was paused.
    """

    noun: ClassVar[str] = "enrollment"

    campaign_id: str
    version_id: str  # CampaignVersion
    trigger: TriggerKind
    cause: str  # id of the job, feedback, link, referral, reward or advocate that started it
    began_at: AwareDatetime  # when that happened: the first wait counts from here
    contact_id: str
    job_id: str | None = None
    feedback_id: str | None = None  # where the answer stands, once there is one
    referral_id: str | None = None  # of the friend it is about
    location_id: str
    places: list[Place]  # where the recipient may be: origin, destination, branch
    token: str | None = None  # of /review/{token}
    status: EnrollmentStatus = "active"
    reason: str | None = None
    at: str | None = None
    steps: dict[str, StepRun] = Field(default_factory=dict)  # step name -> its run, for steps it came to
    link_code: str | None = None  # the link it was sent

    def parent(self) -> str:
        return self.contact_id

    def listed_at(self) -> datetime:
        """While active: when the step that it stands at is due."""
        run = self.steps.get(self.at) if self.status == "active" and self.at else None
        return self.updated_at if run is None else run.due_at

    def asked(self) -> bool:
        """Whether anything was sent: from then on branch and customer stay."""
        return any(run.message_id is not None for run in self.steps.values())


class StaffTask(Entity):
    """Something for the location's staff to do; id is derived from (enrollment, step)."""

    noun: ClassVar[str] = "staff_task"

    words: str
    location_id: str
    contact_id: str | None = None
    source: str  # enrollment
    status: Literal["open", "done"] = "open"
    done_by: str | None = None  # member id
    done_at: AwareDatetime | None = None

    def parent(self) -> str | None:
        return self.contact_id

    def waits(self) -> tuple[str, datetime] | None:
        return ("task", self.created_at) if self.status == "open" else None


class PageToken(Entity):
    """What a page's token leads to; organization_id is GLOBAL and id is the token."""

    noun: ClassVar[str] = "page_token"

    owner_id: str  # the organization
    page: Literal["review", "preferences", "report", "partner"]
    subject_id: str  # enrollment, contact, partner, or "<member>.<week>"


class Feedback(Entity):
    """id is derived from the enrollment: the first answer counts, a comment may be added."""

    noun: ClassVar[str] = "feedback"

    enrollment_id: str
    contact_id: str
    job_id: str
    location_id: str
    score: int = Field(ge=1, le=5)
    comment: str = Field(default="", max_length=2000)
    source: Literal["page", "sms", "whatsapp"] = "page"  # how it was given
    sentiment: Sentiment = "neutral"
    sentiment_reason: str = ""  # in words, for staff
    sentiment_by: str = "rule"  # or the member who judged otherwise
    low: bool = False  # below the branch's threshold when it was given
    handled_at: AwareDatetime | None = None  # when staff had looked after it
    handled_by: str | None = None  # member id

    def parent(self) -> str:
        return self.contact_id

    def waits(self) -> tuple[str, datetime] | None:
        return ("low_score", self.created_at) if self.low and self.handled_at is None else None


class Campaign(Entity):
    """A campaign of an organization, or a location's own form of it (id "<campaign>.<location>").

    A ready-made one is there without a row: its id is its name in the catalogue, and the first change stores it. What a
    location's form leaves None is inherited; while the organization's is `locked` the form counts for nothing.
    """

    noun: ClassVar[str] = "campaign"

    base: str  # the campaign this is, or is a location's form of
    location_id: str | None = None
    name: str | None = None
    status: Literal["draft", "active", "paused", "archived"] | None = None
    locked: bool = False
    locked_by: str | None = None  # member id
    version_id: str | None = None  # CampaignVersion in force
    versions: int = 0  # how many were made here

    def parent(self) -> str:
        return self.base


class CampaignVersion(Entity):
    """A definition as it was saved; never changed, so that who began on it finishes on it."""

    noun: ClassVar[str] = "campaign_version"

    campaign_id: str
    number: int
    definition: Definition
    made_by: str  # member id, or "moref" for a ready-made one

    def parent(self) -> str:
        return self.campaign_id
