"""An organization whose state comes in by its real doors: quote forms, clicks, and what its CRM tells of jobs."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moref.intake.apply_notice import job_id, receive
from moref.intake.model import Contact, InboxEvent, Job
from moref.kernel import codes
from moref.kernel.clock import iso
from moref.kernel.names import CAMPAIGNS
from moref.people import person_keys
from moref.records import get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, Referral
from moref.referrals.record_clicks import record_clicks
from moref.referrals.request_quote import Quote, request_quote
from moref.tenants.model import Connection, Organization
from tests.simulation.world import ORG, OTHER, WORKED, World

ADVOCATES = ("con_ann", "con_eve")
FACTS = ["lead_qualified", "booked", "completed", "invoiced", "paid", "cancelled", "amount"]


def code(place: int) -> str:
    """A right code for the n-th link of the platform."""
    body = f"7K3M9QX2W{place}"
    return next(body + check for check in codes.ALPHABET if codes.normalise(body + check))


class Town(World):
    worked = (*WORKED, CAMPAIGNS)

    def advocate(self, **fields: Any) -> Advocate:
        """Ann and Eve, each with a link; both may refer the same friend."""
        del fields
        self.make(Organization, self.org, name=f"Movers {self.org}")
        self.make(
            Connection, "crm_1", crm="generic", name="CRM", default_location_id="loc_1", supplies=FACTS,
            hook_token="t", secret_ciphertext="-",
        )  # fmt: skip
        for contact_id, first in zip(ADVOCATES, ("Ann", "Eve"), strict=True):
            email = f"{first.lower()}@home.test"
            self.make(
                Contact, contact_id, location_id="loc_1", first_name=first, email=email,
                person_keys=person_keys(self.runtime.keys, self.org, None, email),
            )  # fmt: skip
        made = [self._link(place, contact_id) for place, contact_id in enumerate(ADVOCATES)]
        return made[0]

    def _link(self, place: int, contact_id: str) -> Advocate:
        new: Callable[[], str] = lambda: self.codes()[place]  # noqa: E731
        link = ensure_link(self.runtime, self.org, contact_id, "loc_1", new_code=new)
        return get(self.store, Advocate, self.org, link.advocate_id)

    def codes(self) -> tuple[str, str]:
        first = 2 * (ORG, OTHER).index(self.org)
        return code(first), code(first + 1)

    def click(self, place: int) -> None:
        with self.store.acts(self.org):
            record_clicks(self.runtime, self.org, self.codes()[place % 2], [self.clock.at])

    def quote(self, friend: int, place: int = 0) -> None:
        """A friend fills in the form behind an advocate's link."""
        form = Quote(
            nonce=f"n{friend}", first_name="Bob", last_name=f"No{friend}", phone=_phone(friend), email=None,
            origin_zip=None, destination_zip=None, move_date=None, notes="", consent_text=None, consent_version="1",
        )  # fmt: skip
        with self.store.acts(self.org):
            request_quote(self.runtime, self.codes()[place], form)
        self.friends = max(self.friends, friend)

    def says(self, friend: int, kind: str, value: Any, *, ago: timedelta = timedelta(0)) -> None:
        """The CRM posts one fact of the friend's job, that happened some time before."""
        at = self.clock.at - ago
        job = {"id": f"J-{friend}", "currency": "USD", "interstate": False}
        customer = {"id": f"C-{friend}", "first_name": "Bob", "phone": _phone(friend)}
        facts = [{"kind": kind, "value": value, "at": iso(at)}]
        body = {"type": "job.updated", "timestamp": iso(at), "data": {"job": job, "customer": customer, "facts": facts}}
        with self.store.acts(self.org):
            receive(self.runtime, self._inbox(at), json.dumps(body).encode())
        self.friends = max(self.friends, friend)

    def _inbox(self, at: datetime) -> InboxEvent:
        return InboxEvent(
            organization_id=self.org, id="inb_1", created_at=at, updated_at=at, source="crm:generic",
            connection_id="crm_1", event_id="m", body="-",
        )  # fmt: skip

    def look_again(self) -> None:
        """As if the news of every job and referral came once more."""
        for job in self.all(Job):
            self.tell("job.changed", job.id)
        for referral in self.all(Referral):
            self.tell("referral.changed", referral.id)

    def job(self, friend: int) -> Job | None:
        return self.store.find(Job, self.org, job_id(self.org, "crm_1", f"J-{friend}"))


def _phone(friend: int) -> str:
    return f"+1512555{2000 + friend * 37}"
