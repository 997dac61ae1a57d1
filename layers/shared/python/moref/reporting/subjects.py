"""What each kind of subject adds to the counters, read from nothing but the state as it is.

Every stage of the funnel counts on the day it happened, at the channel of the message that brought it ("direct": the
link was handed over in another way). None: the subject, or its branch, is not there.
"""

from collections.abc import Callable
from datetime import datetime

from moref.campaigns.model import Enrollment
from moref.conversions.judge import conversion_id, job_amount
from moref.conversions.model import Conversion
from moref.intake.model import FactKind, Job
from moref.messaging.model import Message
from moref.records import Store
from moref.referrals.advocates import credited as who_counts
from moref.referrals.model import Advocate, Lead, Link, Referral
from moref.reporting.adds import Adds, Rows
from moref.reporting.carriers import carriers
from moref.reporting.counters import DIRECT, FIRST_JOB
from moref.reporting.stages import came_at, credited, sent_at, worth
from moref.reporting.waits import bucket
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Location

GIVEN = ("issued", "redeemed")
_BOOKED: tuple[FactKind, ...] = ("booked", "completed", "invoiced", "paid")  # a CRM may tell only of a later one
_INVOICED: tuple[FactKind, ...] = ("invoiced", "paid")
_QUOTED: tuple[FactKind, ...] = ("quoted", *_BOOKED)


def enrollment(store: Store, org: str, id: str) -> Rows | None:
    """asked: once for each person that a campaign sent their link, by the first message that carried it."""
    found = store.find(Enrollment, org, id)
    if found is None:
        return None
    runs = [store.find(Message, org, run.message_id) for run in found.steps.values() if run.message_id]
    gone = [(at, each) for each in runs if each is not None and each.link_code and (at := sent_at(each)) is not None]
    first = min(gone, key=lambda one: (one[0], one[1].id), default=None)
    if first is None:
        return {}
    return _of_place(store, org, first[1].location_id, lambda adds: adds.day(first[0], f"asked.{first[1].channel}"))


def link(store: Store, org: str, id: str) -> Rows | None:
    """clicked: each link once, on the day of its first click."""
    found = store.find(Link, org, id)
    if found is None or found.first_clicked_at is None:
        return None
    at = found.first_clicked_at
    channel = _channel(store, org, id, at)
    return _of_place(store, org, found.location_id, lambda adds: adds.day(at, f"clicked.{channel}"))


def referral(store: Store, org: str, id: str) -> Rows | None:
    """quoted, booked, invoiced with its revenue, paid; and what it says of its advocate."""
    found = store.find(Referral, org, id)
    if found is None:
        return None
    job = store.find(Job, org, found.job_id) if found.job_id else None
    reached = _reached(store, found, job)
    advocate = who_counts(store, org, found.advocate_id)
    began = _first_job(store, advocate) if advocate is not None and reached else None

    def add(adds: Adds) -> None:
        channel = _channel(store, org, found.code, came_at(found)) if reached else DIRECT
        for stage, at in reached.items():
            adds.day(at, f"{stage}.{channel}")
        amount = job_amount(job) if job is not None else None
        if "invoiced" in reached and job is not None and amount is not None and amount > 0:
            adds.day(reached["invoiced"], f"revenue.{job.currency}.{channel}", amount)
        for stage in ("quoted", "booked"):
            if stage in reached and advocate is not None:
                adds.standing(reached[stage], advocate.kind, advocate.id, stage)
                adds.aged(advocate.created_at, reached[stage], stage)
                if began is not None:
                    adds.aged(began, reached[stage], f"{FIRST_JOB}.{stage}")

    return _of_place(store, org, found.location_id, add)


def advocate(store: Store, org: str, id: str) -> Rows | None:
    """joined, and in the month of their own first job; of a person whose rows were merged only the row that counts."""
    found = store.find(Advocate, org, id)
    if found is None:
        return None
    if found.merged_into is not None:
        return {}
    began = _first_job(store, found)

    def add(adds: Adds) -> None:
        adds.joined(found.created_at, f"joined.{found.kind}")
        if began is not None:
            adds.joined(began, f"{FIRST_JOB}.advocates")

    return _of_place(store, org, found.location_id, add)


def conversion(store: Store, org: str, id: str) -> Rows | None:
    """By its status now, on the day it qualified."""
    found = store.find(Conversion, org, id)
    if found is None:
        return None
    at, counter = found.qualified_at, f"conversion.{found.status}"
    return _of_place(store, org, found.location_id, lambda adds: adds.day(at, counter))


def payout(store: Store, org: str, id: str) -> Rows | None:
    """By its status now, on the day it was made; how long the provider's yes took, on the day of that."""
    found = store.find(Payout, org, id)
    reward = store.find(Reward, org, found.reward_id) if found is not None else None
    if found is None or reward is None:
        return None

    def add(adds: Adds) -> None:
        adds.day(found.created_at, f"payout.{found.status}")
        if found.accepted_at is not None:
            adds.day(found.accepted_at, f"approval.{bucket(found.accepted_at - reward.approved_at)}")
            released = reward.released_at or reward.approved_at
            adds.day(found.accepted_at, f"release.{bucket(found.accepted_at - released)}")

    return _of_place(store, org, found.location_id, add)


def reward(store: Store, org: str, id: str) -> Rows | None:
    """What it cost, on the day it was given; nothing once it was taken back or has expired."""
    found = store.find(Reward, org, id)
    if found is None:
        return None
    at = found.issued_at
    if at is None or found.status not in GIVEN:
        return {}
    counter = f"cost.{found.currency}.{found.kind}"
    return _of_place(store, org, found.location_id, lambda adds: adds.day(at, counter, found.payable))


SUBJECTS: dict[str, Callable[[Store, str, str], Rows | None]] = {
    "enrollment": enrollment, "link": link, "referral": referral, "advocate": advocate, "conversion": conversion,
    "payout": payout, "reward": reward,
}  # fmt: skip


def _of_place(store: Store, org: str, location_id: str, add: Callable[[Adds], object]) -> Rows | None:
    location = store.find(Location, org, location_id)
    if location is None:
        return None
    adds = Adds(location)
    add(adds)
    return adds.rows


def _first_job(store: Store, advocate: Advocate) -> datetime | None:
    """When the first of their own jobs was completed. Who has many jobs is seldom asked: one page will do."""
    jobs = store.list(Job, advocate.organization_id, parent=advocate.contact_id, newest_first=False).items
    return min((job.facts["completed"].at for job in jobs if job.holds("completed")), default=None)


def _channel(store: Store, org: str, code: str, at: datetime) -> str:
    message = credited(carriers(store, org, code), at)
    return message.channel if message is not None else DIRECT


def _reached(store: Store, found: Referral, job: Job | None) -> dict[str, datetime]:
    """When it came to each stage, by the source's own time. What was undone was never reached."""
    quoted, booked = worth(found)
    reached: dict[str, datetime] = {}
    if quoted:
        lead = store.find(Lead, found.organization_id, found.lead_id) if found.lead_id else None
        reached["quoted"] = lead.created_at if lead is not None else _told(job, _QUOTED) or came_at(found)
    if booked:
        reached["booked"] = _told(job, _BOOKED) or came_at(found)
    invoiced = _told(job, _INVOICED)
    if booked and invoiced is not None:
        reached["invoiced"] = invoiced
    paid = _paid_at(store, found) if booked else None
    return reached if paid is None else reached | {"paid": paid}


def _told(job: Job | None, kinds: tuple[FactKind, ...]) -> datetime | None:
    """The time of the first of these facts that holds."""
    return next((job.facts[kind].at for kind in kinds if job.holds(kind)), None) if job is not None else None


def _paid_at(store: Store, found: Referral) -> datetime | None:
    """When the advocate got the reward for it."""
    org = found.organization_id
    earned = store.find(Conversion, org, conversion_id(org, found.id))
    given = store.find(Reward, org, earned.reward_id) if earned is not None and earned.reward_id else None
    return given.issued_at if given is not None and given.status in GIVEN else None
