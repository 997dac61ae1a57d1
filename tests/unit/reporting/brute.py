"""What the counters must say, by brute force: every row of the state looked at in loops, and nothing shared with the
code that counts but the state itself.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from moref.campaigns.model import Enrollment
from moref.conversions.model import Conversion
from moref.intake.model import Job
from moref.messaging.model import Message
from moref.records import every
from moref.referrals.model import Advocate, Lead, Link, Referral
from moref.reporting.waits import BOUNDS
from moref.rewards.model import Payout, Reward
from tests.fakes.memory_store import MemoryStore

Found = dict[str, dict[str, int]]
CAME = {"new", "quoted", "booked", "completed", "invoiced", "qualified", "lost", "cancelled"}
BOOKED = {"booked", "completed", "invoiced", "qualified"}


class Brute:
    def __init__(self, store: MemoryStore, org: str, zones: dict[str, str]) -> None:
        self.found: Found = defaultdict(lambda: defaultdict(int))
        self.zones = {place: ZoneInfo(name) for place, name in zones.items()}
        self.store, self.org = store, org
        self.messages = [each for each in self.all(Message) if each.sent_at]
        self.jobs: dict[str, Job] = {each.id: each for each in self.all(Job)}
        self.rewards: dict[str, Reward] = {each.id: each for each in self.all(Reward)}
        self.advocates: dict[str, Advocate] = {each.id: each for each in self.all(Advocate)}
        self.leads: dict[str, Lead] = {each.id: each for each in self.all(Lead)}

    def all(self, kind: Any) -> list[Any]:
        return every(self.store, kind, self.org)

    def day(self, place: str, at: datetime) -> str:
        return at.astimezone(self.zones[place]).strftime("%Y-%m-%d")

    def add(self, place: str, noun: str, rest: str, counter: str, number: int = 1) -> None:
        for where in (place, "organization"):
            self.found[f"{noun}/{where}.{rest}"][counter] += number

    def channel(self, code: str, at: datetime) -> str:
        with_it = [m for m in self.messages if m.link_code == code and m.claimed_at <= at]
        return max(with_it, key=lambda m: (m.claimed_at, m.id)).channel if with_it else "direct"

    def count(self) -> Found:
        self.asked()
        for link in self.all(Link):
            if link.first_clicked_at:
                day = self.day(link.location_id, link.first_clicked_at)
                self.add(link.location_id, "report_day", day, f"clicked.{self.channel(link.id, link.first_clicked_at)}")
        for advocate in self.advocates.values():
            if advocate.merged_into is None:
                month = self.day(advocate.location_id, advocate.created_at)[:7]
                self.add(advocate.location_id, "report_month", month, f"joined.{advocate.kind}")
                if first := self.first_job(advocate):
                    month = self.day(advocate.location_id, first)[:7]
                    self.add(advocate.location_id, "report_month", month, "first_job.advocates")
        for referral in self.all(Referral):
            self.referral(referral)
        self.money()
        self.active()
        return {key: dict(counts) for key, counts in self.found.items() if any(counts.values())}

    def first_job(self, who: Advocate) -> datetime | None:
        mine = [job.facts.get("completed") for job in self.jobs.values() if job.contact_id == who.contact_id]
        return min((fact.at for fact in mine if fact and fact.value is True), default=None)

    def asked(self) -> None:
        for enrollment in self.all(Enrollment):
            mine = [m for m in self.messages if m.enrollment_id == enrollment.id]
            if mine:
                first = min(mine, key=lambda m: (m.sent_at, m.id))
                place = first.location_id
                self.add(place, "report_day", self.day(place, first.sent_at), f"asked.{first.channel}")

    def active(self) -> None:
        for key, counts in list(self.found.items()):
            _, _, rest = key.partition("/")
            if key.startswith("advocate_standing/") and len(rest.split(".")[1]) == 7 and any(counts.values()):
                place, month, kind, _ = rest.split(".")
                self.found[f"report_month/{place}.{month}"][f"active.{kind}"] += 1

    def stages(self, one: Referral, job: Job | None) -> dict[str, datetime]:
        came = one.evidence[0].at
        true = {kind: fact.at for kind, fact in job.facts.items() if fact.value is True} if job else {}
        when: dict[str, datetime] = {}
        if one.status in CAME and (one.lead_id or one.status in {"quoted", *BOOKED}):
            told = [true[kind] for kind in ("quoted", "booked", "completed", "invoiced", "paid") if kind in true]
            when["quoted"] = self.leads[one.lead_id].created_at if one.lead_id else (told or [came])[0]
        if one.status in BOOKED:
            when["booked"] = [*(true[k] for k in ("booked", "completed", "invoiced", "paid") if k in true), came][0]
            if "invoiced" in true or "paid" in true:
                when["invoiced"] = true.get("invoiced") or true["paid"]
            mine = [each.reward_id for each in self.all(Conversion) if each.referral_id == one.id and each.reward_id]
            given = [self.rewards[id].issued_at for id in mine if self.rewards[id].status in ("issued", "redeemed")]
            if given and given[0]:
                when["paid"] = given[0]
        return when

    def referral(self, one: Referral) -> None:
        place, job = one.location_id, self.jobs.get(one.job_id or "")
        when = self.stages(one, job)
        channel = self.channel(one.code, one.evidence[0].at)
        for stage, at in when.items():
            self.add(place, "report_day", self.day(place, at), f"{stage}.{channel}")
        if "invoiced" in when and job and "amount" in job.facts and job.facts["amount"].value:
            day = self.day(place, when["invoiced"])
            self.add(place, "report_day", day, f"revenue.{job.currency}.{channel}", int(job.facts["amount"].value))
        who = self.advocates[one.advocate_id]
        while who.merged_into:
            who = self.advocates[who.merged_into]
        for stage in ("quoted", "booked"):
            if stage in when:
                day = self.day(place, when[stage])
                for period in (day[:4], day[:7]):
                    self.add(place, "advocate_standing", f"{period}.{who.kind}.{who.id}", stage)
                self.cohort(place, who.created_at, day, stage)
                self.cohort(place, self.first_job(who), day, f"first_job.{stage}")

    def cohort(self, place: str, since: datetime | None, day: str, counter: str) -> None:
        if since is not None:
            first = self.day(place, since)
            age = (int(day[:4]) - int(first[:4])) * 12 + int(day[5:7]) - int(first[5:7])
            self.add(place, "report_month", first[:7], f"{counter}.{min(max(age, 0), 24)}")

    def money(self) -> None:
        for conversion in self.all(Conversion):
            place = conversion.location_id
            self.add(place, "report_day", self.day(place, conversion.qualified_at), f"conversion.{conversion.status}")
        for payout in self.all(Payout):
            place, reward = payout.location_id, self.rewards[payout.reward_id]
            self.add(place, "report_day", self.day(place, payout.created_at), f"payout.{payout.status}")
            if payout.accepted_at:
                day = self.day(place, payout.accepted_at)
                for name, since in (("approval", reward.approved_at), ("release", reward.released_at)):
                    seconds = (payout.accepted_at - (since or reward.approved_at)).total_seconds()
                    bucket = next(i for i, bound in enumerate(BOUNDS) if seconds <= bound)
                    self.add(place, "report_day", day, f"{name}.{bucket}")
        for reward in self.rewards.values():
            if reward.status in ("issued", "redeemed") and reward.issued_at:
                day = self.day(reward.location_id, reward.issued_at)
                cost = reward.amount - reward.withheld
                self.add(reward.location_id, "report_day", day, f"cost.{reward.currency}.{reward.kind}", cost)
