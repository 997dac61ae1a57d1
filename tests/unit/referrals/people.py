"""Customers as a CRM tells of them, and the referral worker's share, for tests of attribution."""

from typing import Any

from moref.intake.apply_notice import apply_notice, job_id
from moref.intake.model import InboxEvent, Job
from moref.intake.notice import read_notice
from moref.kernel.clock import iso
from moref.records import every, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.late_identity import attribute_lead, freed, identified
from moref.referrals.merge_rows import merge_rows
from moref.referrals.model import Link, Referral, UnmatchedSource
from moref.referrals.request_quote import Quote, request_quote
from moref.referrals.track_job import track_job
from moref.tenants.model import Connection
from tests.fakes.referral_world import LOCATION, ORG, World

HOME = {"street": "12 Oak St", "postal_code": "78701"}


def tell(w: World, id: str, /, *, job: dict[str, Any] | None = None, did: str = "booked", **customer: Any) -> Job:
    """The CRM posts job `id`; who referred whom is worked out. The customer's CRM id is C-<id> unless given."""
    now = w.clock.now()
    if w.store.find(Connection, ORG, "conn_1") is None:
        w.connection(None)
    event = InboxEvent(
        organization_id=ORG, id=f"inb_{id}", created_at=now, updated_at=now, source="crm:generic",
        connection_id="conn_1", event_id=id, body="",
    )  # fmt: skip
    parsed = {
        "at": iso(now),
        "job": {"id": id, **(job or {})},
        "customer": {"id": f"C-{id}", **customer},
        "facts": [{"kind": did, "value": True, "at": iso(now)}],
    }
    apply_notice(w.runtime, event, read_notice(parsed, now))
    work(w)
    return get(w.store, Job, ORG, job_id(ORG, "conn_1", id))


def work(w: World) -> None:
    """As functions/referral_worker does, without conversions; events stay in the store."""
    done = getattr(w, "done", 0)
    while done < len(w.store.events):
        event = w.store.events[done]
        done += 1
        name, subject = event["name"], event["subject"]
        if name == "job.changed":
            track_job(w.runtime, ORG, subject)
        elif name == "contact.identified":
            identified(w.runtime, ORG, subject)
        elif name == "contact.merged":
            merge_rows(w.runtime, ORG, subject)
        elif name == "lead.created":
            attribute_lead(w.runtime, ORG, subject)
        elif name == "referral.changed" and event["data"]["status"] in ("removed", "cancelled"):
            freed(w.runtime, ORG, subject)
        assert done < 500, "events without end"
    w.done = done  # type: ignore[attr-defined]


def advocate(w: World, first: str, last: str, phone: str) -> Link:
    """A customer with a link, as the CRM and a campaign made them."""
    job = tell(w, f"own-{phone}", did="completed", first_name=first, last_name=last, phone=phone)
    return ensure_link(w.runtime, ORG, job.contact_id, LOCATION)


def form(w: World, link: Link, **said: Any) -> Referral:
    values: dict[str, Any] = {
        "nonce": f"n{len(w.store.events)}", "first_name": "Bo", "last_name": "Friend", "phone": None, "email": None,
        "origin_zip": None, "destination_zip": None, "move_date": None, "notes": "", "consent_text": None,
        "consent_version": "1",
    }  # fmt: skip
    lead = request_quote(w.runtime, link.id, Quote(**{**values, **said}))
    work(w)
    return get(w.store, Referral, ORG, lead.referral_id)


def holder(w: World, job: Job) -> Referral | None:
    found = [get(w.store, Referral, ORG, id) for id in w.store.lookup(ORG, "job_referral", job.id)]
    holders = [each for each in found if each.job_id == job.id and each.status not in ("removed", "duplicate")]
    assert len(holders) <= 1
    return holders[0] if holders else None


def listed(w: World) -> list[UnmatchedSource]:
    return every(w.store, UnmatchedSource, ORG)
