"""An organization whose counters say what a test wants, with a member who reads the weekly report."""

from datetime import date, timedelta
from typing import Any

from moref.intake.model import Contact
from moref.records import Create
from moref.referrals.model import Advocate
from moref.reporting.counters import ALL, ReportDay, ReportMonth, Standing
from moref.reporting.model import FunnelDay
from moref.runtime import Runtime
from moref.tenants.model import Location, Member, Organization

MONDAY = date(2026, 6, 1)  # of the week that is told of


def made(runtime: Runtime, org: str, id: str) -> dict[str, Any]:
    now = runtime.clock.now()
    return {"organization_id": org, "id": id, "created_at": now, "updated_at": now}


def member(runtime: Runtime, org: str, id: str, **fields: Any) -> None:
    said = {"email": f"{id}@bluebird.example", "name": id, "role": "owner"} | fields
    runtime.store.commit(Create(Member(**made(runtime, org, id), **said)))


def place(runtime: Runtime, org: str, id: str, name: str) -> None:
    location = Location(
        **made(runtime, org, id), name=name, legal_entity_id="ent", time_zone="America/Chicago",
        postal_address="1 Street", staff_email="desk@bluebird.example", review_url="https://review.example",
    )  # fmt: skip
    runtime.store.commit(Create(location))


def organization(runtime: Runtime, org: str, name: str) -> None:
    runtime.store.commit(Create(Organization(**made(runtime, org, org), name=name)))


def counters(runtime: Runtime, org: str, *, by: int = 1, name: str = "Ann", where: str = ALL) -> None:
    """Twelve weeks in which more and more happened; every number times `by`."""
    now, rows = runtime.clock.now(), []
    for week in range(12):
        day = MONDAY - timedelta(weeks=11 - week) + timedelta(days=2)
        counts = {
            "asked.sms": 40 + 3 * week, "asked.email": 12, "clicked.sms": 20 + week, "clicked.direct": 3,
            "quoted.sms": 8 + week, "quoted.direct": 2, "booked.sms": 4 + week // 2, "booked.direct": 1,
            "invoiced.sms": 2 + week // 3, "paid.sms": 2, "conversion.approved": 3, "conversion.held": 1,
            "approval.60": 3, "release.20": 3, "cost.USD.gift_card": 7500, "revenue.USD.sms": 450_000,
        }  # fmt: skip
        row = ReportDay.opened(org, f"{where}.{day.isoformat()}", now)
        rows.append(row.changed(now, counts={name: number * by for name, number in counts.items()}))
    month = ReportMonth.opened(org, f"{where}.2026-06", now)
    runtime.store.commit(
        *map(Create, rows),
        Create(month.changed(now, counts={"joined.partner": 8 * by, "active.partner": 3 * by})),
    )
    for place, id in enumerate(("adv_1", "adv_2", "adv_3")):
        standing = Standing.opened(org, f"{where}.2026-06.customer.{id}", now)
        runtime.store.commit(
            Create(standing.changed(now, counts={"booked": (5 - place) * by, "quoted": 9 * by})),
            Create(Advocate(**made(runtime, org, id), contact_id=f"con_{id}", location_id="loc_1")),
            Create(Contact(**made(runtime, org, f"con_{id}"), location_id="loc_1", first_name=name)),
        )
    for campaign in ("referral_request", "a_campaign_of_our_own_with_quite_a_long_name"):
        sent = FunnelDay(
            **(made(runtime, org, f"fnl_{campaign}") | {"created_at": now.replace(day=2, hour=0)}), location_id=where,
            campaign_id=campaign, day="2026-06-02", counts={"a.sms": {"sent": 52 * by, "clicked": 20 * by}},
        )  # fmt: skip
        runtime.store.commit(Create(sent))
