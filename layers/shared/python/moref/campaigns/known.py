"""What is known of an enrollment, read from the store when it is asked for and not before."""

from datetime import datetime
from functools import cached_property

from moref.campaigns.definition import AdvocateKind, Sentiment
from moref.campaigns.give_feedback import feedback_id
from moref.campaigns.model import JOURNEY, Enrollment, Feedback
from moref.campaigns.places import Place
from moref.intake.model import Job
from moref.kernel import ids
from moref.records import every, get
from moref.referrals.model import Advocate, Link, Referral, ReferralStatus
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

_BOOKED: tuple[ReferralStatus, ...] = ("booked", "completed", "invoiced", "qualified")


class StoreKnown:
    """conditions.Known over the store, for one look at one enrollment."""

    def __init__(self, runtime: Runtime, enrollment: Enrollment) -> None:
        self._store, self._organization_id = runtime.store, enrollment.organization_id
        self.enrollment = enrollment
        self.now: datetime = runtime.clock.now()
        self.places: list[Place] = enrollment.places
        self.location_id: str = enrollment.location_id

    def setting(self, name: str) -> int | bool:
        value: int | bool = setting(self._tenant, self._location, name)
        return value

    @cached_property
    def _tenant(self) -> Organization:
        return get(self._store, Organization, self._organization_id, self._organization_id)

    @cached_property
    def _location(self) -> Location:
        return get(self._store, Location, self._organization_id, self.location_id)

    @cached_property
    def job(self) -> Job | None:
        id = self.enrollment.job_id
        return self._store.find(Job, self._organization_id, id) if id else None

    @cached_property
    def _feedback(self) -> Feedback | None:
        """The enrollment's own; else what the customer said of the job when another campaign asked."""
        org, job_id = self._organization_id, self.enrollment.job_id
        own = self.enrollment.feedback_id
        others = self._store.lookup(org, JOURNEY, job_id) if job_id else []
        for id in dict.fromkeys([own, *(feedback_id(org, other) for other in others)]):
            found = self._store.find(Feedback, org, id) if id else None
            if found is not None:
                return found
        return None

    @property
    def score(self) -> int | None:
        return self._feedback.score if self._feedback else None

    @property
    def sentiment(self) -> Sentiment | None:
        return self._feedback.sentiment if self._feedback else None

    @property
    def asked_at(self) -> datetime | None:
        """When the first message of this enrollment was queued, or of another one about the same job."""
        runs = [run for one in (self.enrollment, *self._of_the_job) for run in one.steps.values()]
        return min((run.done_at for run in runs if run.message_id and run.done_at), default=None)

    @cached_property
    def _of_the_job(self) -> list[Enrollment]:
        """Other enrollments that lead to a page for the score of this job."""
        org, job_id = self._organization_id, self.enrollment.job_id
        ids = self._store.lookup(org, JOURNEY, job_id) if job_id else []
        found = (self._store.find(Enrollment, org, id) for id in ids if id != self.enrollment.id)
        return [one for one in found if one is not None and one.token is not None]

    @property
    def job_type(self) -> str | None:
        return self.job.job_type if self.job else None

    @property
    def amount(self) -> int | None:
        fact = self.job.facts.get("amount") if self.job else None
        return int(fact.value) if fact is not None else None

    @cached_property
    def _referral(self) -> Referral | None:
        id = self.enrollment.referral_id
        return self._store.find(Referral, self._organization_id, id) if id else None

    @cached_property
    def _advocate(self) -> Advocate | None:
        """Of a friend's enrollment whoever referred them; else the contact, if they refer."""
        if self._referral is not None:
            return self._store.find(Advocate, self._organization_id, self._referral.advocate_id)
        # As ensure_link derives it.
        id = ids.derived("adv", self._organization_id, self.enrollment.contact_id)
        return self._store.find(Advocate, self._organization_id, id)

    @property
    def advocate_kind(self) -> AdvocateKind:
        return self._advocate.kind if self._advocate else "customer"

    @cached_property
    def clicked(self) -> bool:
        """The advocate's link, since the enrollment began."""
        code = self.enrollment.link_code or (self._advocate.links.get(self.location_id) if self._advocate else None)
        link = self._store.find(Link, self._organization_id, code) if code else None
        last = link.last_clicked_at if link else None
        return last is not None and last > self.enrollment.began_at

    @property
    def quoted(self) -> bool:
        return self._referral is not None or bool(self._referrals)

    @property
    def booked(self) -> bool:
        mine = [self._referral] if self._referral is not None else self._referrals
        return any(referral.status in _BOOKED for referral in mine)

    @cached_property
    def _referrals(self) -> list[Referral]:
        """Friends who came since the enrollment began. From a list: the last second may be missing."""
        if self._advocate is None:
            return []
        found = every(self._store, Referral, self._organization_id, parent=self._advocate.id)
        return [referral for referral in found if referral.created_at > self.enrollment.began_at]
