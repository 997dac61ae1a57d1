"""Reports over the API: who sees what, what may be asked, JSON and CSV, and what an answer costs to read."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from moref.books.model import ProviderStatement
from moref.intake.model import Contact
from moref.records import Create
from moref.referrals.model import Advocate
from moref.reporting.counters import ALL, ReportDay, ReportMonth, Standing
from moref.reporting.model import FunnelDay
from tests.unit.api.test_conventions import problem
from tests.unit.api.world import World

ROUTES = ("funnel", "conversions", "payouts", "campaigns", "cohorts", "partners", "leaderboard", "cost")


def put(world: World, kind: Any, id: str, **counts: int) -> None:
    row = kind.opened(world.a.organization_id, id, world.clock.now())
    named = {name.replace("__", "."): number for name, number in counts.items()}
    world.store.commit(Create(row.changed(world.clock.now(), counts=named)))


def day(world: World, place: str, on: str, **counts: int) -> None:
    put(world, ReportDay, f"{place}.{on}", **counts)


def other_branch(world: World) -> str:
    body = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    return str(world.call("POST", "/locations", body).json()["id"])


def items(world: World, path: str, **options: Any) -> list[dict[str, Any]]:
    answer = world.call("GET", f"/reports/{path}", **options)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_the_funnel_by_day_week_and_month_adds_up(world: World) -> None:
    for on, asked in (("2026-05-31", 1), ("2026-06-01", 2), ("2026-06-02", 4)):
        day(world, ALL, on, asked__sms=asked, asked__email=1, booked__direct=1)
    range_ = "from=2026-05-30&to=2026-06-02"
    by_day = items(world, f"funnel?{range_}")
    assert [(line["period"], line["asked"]) for line in by_day] == [
        ("2026-05-30", 0), ("2026-05-31", 2), ("2026-06-01", 3), ("2026-06-02", 5),
    ]  # fmt: skip
    by_week = items(world, f"funnel?{range_}&by=week")
    assert [(line["period"], line["asked"]) for line in by_week] == [("2026-05-25", 2), ("2026-06-01", 8)]
    by_month = items(world, f"funnel?{range_}&by=month")
    assert [(line["period"], line["asked"], line["booked"]) for line in by_month] == [
        ("2026-05", 2, 1), ("2026-06", 8, 2),
    ]  # fmt: skip
    by_sms = items(world, f"funnel?{range_}&by=month&channel=sms")
    assert [(line["asked"], line["booked"], line["channel"]) for line in by_sms] == [(1, 0, "sms"), (6, 0, "sms")]
    split = items(world, f"funnel?{range_}&by=month&split=channel")
    assert sum(line["asked"] for line in split) == 10
    assert {line["channel"] for line in split} == {"sms", "whatsapp", "email", "direct"}


def test_members_limited_to_locations_see_the_sum_of_theirs(world: World) -> None:
    here, there = world.a.location_id, other_branch(world)
    day(world, here, "2026-06-01", booked__sms=1)
    day(world, there, "2026-06-01", booked__sms=10)
    day(world, ALL, "2026-06-01", booked__sms=11)
    path = "funnel?from=2026-06-01&to=2026-06-01"
    assert items(world, path)[0]["booked"] == 11
    assert items(world, path, token=world.token(role="member", locations=[here]))[0]["booked"] == 1
    both = world.token(role="member", locations=[here, there])
    assert items(world, path, token=both)[0]["booked"] == 11
    assert items(world, f"{path}&location_id={there}", token=both)[0]["booked"] == 10
    mine = world.token(role="member", locations=[here])
    for name in ROUTES:
        # A leaderboard and money of others, too, are as if they were not there.
        token = world.token(role="admin", locations=[here]) if name == "cost" else mine
        problem(world.call("GET", f"/reports/{name}?location_id={there}", token=token), 404)
        problem(world.call("GET", f"/reports/{name}?location_id={world.b.location_id}"), 404)


def test_money_is_for_admins(world: World) -> None:
    for path in ("/reports/cost", "/reports/cost.csv", "/ad-spend"):
        problem(world.call("GET", path, token=world.token(role="member")), 403)
        assert world.call("GET", path, token=world.token(role="admin")).status == 200
    columns = set(world.call("GET", "/reports/payouts", token=world.token(role="member")).json()["items"][0])
    assert not columns & {"amount", "cost", "revenue", "rewards"}


@pytest.mark.parametrize("name", ROUTES)
def test_csv_says_what_json_says(world: World, name: str) -> None:
    today = world.clock.now().date().isoformat()
    day(world, ALL, today, asked__sms=3, payout__accepted=2, approval__9=2, conversion__held=1, cost__USD__gift_card=50)
    put(world, ReportMonth, f"{ALL}.{today[:7]}", joined__partner=2, active__partner=1, booked__3=1)
    put(world, Standing, f"{ALL}.{today[:7]}.customer.adv_1", booked=1)
    world.fill(world.a)
    lines = items(world, name)
    answer = world.call("GET", f"/reports/{name}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="reports-{name}.csv"'
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert found == [{key: "" if value is None else str(value) for key, value in line.items()} for line in lines]
    assert lines or name == "campaigns"


def test_a_name_that_a_spreadsheet_would_run_is_text(world: World) -> None:
    world.fill(world.a)
    put(world, Standing, f"{ALL}.2026.customer.adv_1", booked=1)
    body = {"name": "=HYPERLINK(1)", "agreed_at": "2026-06-01T10:00:00Z", "source": "phone"}
    assert world.call("PUT", "/advocates/adv_1/display-name", body).status == 200
    assert "'=HYPERLINK(1)" in world.call("GET", "/reports/leaderboard.csv?period=2026").text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("funnel?from=2026-01-01&to=2026-06-01", "from"),
        ("funnel?from=2026-06-02&to=2026-06-01", "from"),
        ("funnel?from=2024-01-01&to=2026-06-01&by=week", "from"),
        ("funnel?by=year", "by"),
        ("funnel?channel=fax", "channel"),
        ("funnel?split=day", "split"),
        ("funnel?to=yesterday", "to"),
        ("funnel?to=2026-W01-1", "to"),
        ("funnel?format=xml", "format"),
        ("cohorts?from_month=2026-13", "from_month"),
        ("cohorts?from_month=2024-01&to_month=2026-06", "from_month"),
        ("cost?from_month=2025-01&to_month=2026-06", "from_month"),
        ("cohorts?by=age", "by"),
        ("leaderboard?period=20", "period"),
        ("leaderboard?period=2026-06-01", "period"),
        ("leaderboard?kind=friend", "kind"),
        ("leaderboard?limit=51", "limit"),
    ],
)
def test_what_no_counter_answers_is_a_422_that_names_it(world: World, path: str, field: str) -> None:
    assert problem(world.call("GET", f"/reports/{path}"), 422)["field"] == field


def test_a_member_of_several_branches_says_which_leaderboard(world: World) -> None:
    here, there = world.a.location_id, other_branch(world)
    token = world.token(role="member", locations=[here, there])
    assert problem(world.call("GET", "/reports/leaderboard", token=token), 422)["field"] == "location_id"
    assert items(world, f"leaderboard?location_id={here}", token=token) == []


def test_time_to_payout_is_told_from_approval_and_from_release(world: World) -> None:
    day(world, ALL, "2026-06-01", payout__delivered=20, approval__30=19, approval__60=1, release__5=20)
    (line,) = items(world, "payouts?from=2026-06-01&to=2026-06-01")
    assert (line["seconds_from_release_p50"], line["seconds_from_release_p95"]) == (5, 5)
    assert line["seconds_from_approval_p50"] == line["seconds_from_approval_p95"] < 100
    assert line["accepted_in_period"] == line["delivered"] == 20


def test_the_leaderboard_ranks_by_bookings_then_quotes_and_shows_who_agreed(world: World) -> None:
    ids = [f"adv_{n}" for n in range(5)]
    made = {
        "organization_id": world.a.organization_id, "created_at": world.clock.now(), "updated_at": world.clock.now(),
        "location_id": world.a.location_id,
    }  # fmt: skip
    for id, name in zip(ids, ("ann", "Bob", "", "Zoë", "Eve"), strict=True):
        world.store.commit(
            Create(Advocate(**made, id=id, contact_id=f"con_{id}")),
            Create(Contact(**made, id=f"con_{id}", first_name=name, last_name="Secret")),
        )
    for id, booked, quoted in zip(ids, (1, 3, 1, 0, 0), (2, 3, 2, 9, 0), strict=True):
        put(world, Standing, f"{ALL}.2026-06.customer.{id}", booked=booked, quoted=quoted)
    body = {"name": "Bobby the Mover", "agreed_at": "2026-06-01T10:00:00Z", "source": "by phone"}
    assert world.call("PUT", "/advocates/adv_1/display-name", body).status == 200
    found = items(world, "leaderboard?period=2026-06")
    assert [(line["rank"], line["advocate_id"]) for line in found] == [
        (1, "adv_1"), (2, "adv_2"), (2, "adv_0"), (4, "adv_3"),
    ]  # fmt: skip
    assert [line["name"][:12] for line in found] == ["Bobby the Mo", "Somebody fro", "A. from Blue", "Z. from Blue"]
    assert "Secret" not in str(found)
    assert len(items(world, "leaderboard?period=2026-06&limit=2")) == 2
    assert world.call("DELETE", "/advocates/adv_1/display-name").json()["name"] is None
    assert items(world, "leaderboard?period=2026-06")[0]["name"].startswith("B. from ")
    body["agreed_at"] = "2026-06-03T10:00:00Z"
    assert problem(world.call("PUT", "/advocates/adv_1/display-name", body), 422)["field"] == "agreed_at"


def test_cohorts_and_the_share_of_partners_that_are_active(world: World) -> None:
    put(world, ReportMonth, f"{ALL}.2019-03", joined__partner=3)
    put(world, ReportMonth, f"{ALL}.2026-05", joined__partner=1, joined__customer=8, active__partner=2, booked__1=2)
    found = items(world, "partners?from_month=2026-04&to_month=2026-06")
    assert [tuple(line.values()) for line in found] == [
        ("2026-04", 3, 0, 0), ("2026-05", 4, 2, 50), ("2026-06", 4, 0, 0),
    ]  # fmt: skip
    put(world, ReportMonth, f"{ALL}.2026-03", first_job__advocates=6, first_job__quoted__0=1)
    found = items(world, "cohorts?from_month=2026-03&to_month=2026-03&by=first_job")
    assert [tuple(line.values()) for line in found] == [("2026-03", 6, 0, 1, 0)]
    found = items(world, "cohorts?from_month=2026-05&to_month=2026-05")
    assert [tuple(line.values()) for line in found] == [("2026-05", 9, 0, 0, 0), ("2026-05", 9, 1, 0, 2)]


def test_what_a_customer_cost_stands_beside_what_advertising_cost(world: World) -> None:
    day(world, ALL, "2026-05-04", booked__sms=4, cost__USD__gift_card=10_000, revenue__USD__sms=900_000)
    day(world, ALL, "2026-05-20", cost__USD__service_credit=2_001)
    day(world, world.a.location_id, "2026-05-04", booked__sms=1)
    statement = ProviderStatement(
        organization_id=world.a.organization_id, id="tremendous.2026-05", created_at=world.clock.now(),
        updated_at=world.clock.now(), provider="tremendous", month="2026-05", status="ready", fees=400,
        asked_at=world.clock.now(),
    )  # fmt: skip
    world.store.commit(Create(statement))
    for id, amount, bookings in (("2026-05.google-ads", 300_000, 10), ("2026-05.mailers", 50_000, None)):
        body = {"version": 0, "amount": amount, "currency": "USD", "bookings": bookings}
        assert world.call("PUT", f"/ad-spend/{id}", body).status == 200
    (line,) = items(world, "cost?from_month=2026-05&to_month=2026-05")
    assert line == {
        "month": "2026-05", "currency": "USD", "booked": 4, "revenue": 900_000, "rewards": 12_001, "fees": 400,
        "cost": 12_401, "cost_per_booking": 3_100, "return_percent": 7_257, "ad_spend": 350_000, "ad_bookings": 10,
        "ad_cost_per_booking": 30_000,
    }  # fmt: skip
    here = items(world, f"cost?from_month=2026-05&to_month=2026-05&location_id={world.a.location_id}")
    assert (here[0]["fees"], here[0]["ad_spend"], here[0]["cost_per_booking"]) == (None, 0, 0)


def test_a_month_in_two_currencies_is_two_lines_without_a_price_of_a_customer(world: World) -> None:
    day(world, ALL, "2026-05-04", booked__sms=4, cost__USD__gift_card=100, cost__CAD__gift_card=300)
    found = items(world, "cost?from_month=2026-05&to_month=2026-05")
    assert [(line["currency"], line["cost"], line["cost_per_booking"]) for line in found] == [
        ("CAD", 300, None), ("USD", 100, None),
    ]  # fmt: skip


def test_ad_spend_is_entered_once_and_corrected_with_its_version(world: World) -> None:
    body = {"version": 0, "amount": 5, "currency": "USD"}
    id = f"2026-05.google-ads.{world.a.location_id}"
    assert world.call("PUT", f"/ad-spend/{id}", body).json()["version"] == 1
    problem(world.call("PUT", f"/ad-spend/{id}", body), 409)
    assert world.call("PUT", f"/ad-spend/{id}", body | {"version": 1, "amount": 7}).json()["amount"] == 7
    assert [row["amount"] for row in world.call("GET", "/ad-spend?month=2026-05").json()["items"]] == [7]
    for wrong in ("2026-5.ads", "ads", "2026-05.Google Ads".replace(" ", "_"), f"2026-05.ads.{ALL}"):
        assert problem(world.call("PUT", f"/ad-spend/{wrong}", body), 422)["field"] == "id"
    problem(world.call("PUT", f"/ad-spend/2026-05.ads.{world.b.location_id}", body), 404)
    limited = world.token(role="admin", locations=[world.a.location_id])
    problem(world.call("PUT", "/ad-spend/2026-05.ads", body, token=limited), 404)


def test_campaigns_stand_side_by_side(world: World) -> None:
    counts: Any = {"invite.sms": {"sent": 5, "clicked": 2}, "remind.email": {"sent": 2}}
    for place in (ALL, world.a.location_id):
        row = FunnelDay(
            organization_id=world.a.organization_id, id=f"fnl_{place}", updated_at=world.clock.now(),
            created_at=datetime(2026, 6, 2, tzinfo=UTC), campaign_id="referral_request", location_id=place,
            day="2026-06-02", counts=counts,
        )  # fmt: skip
        world.store.commit(Create(row))
    expected = {
        "campaign_id": "referral_request", "sent": 7, "delivered": 0, "opened": 0, "clicked": 2, "quoted": 0,
        "booked": 0,
    }  # fmt: skip
    assert items(world, "campaigns") == [expected]
    assert items(world, f"campaigns?location_id={world.a.location_id}") == [expected]


def test_reading_a_report_is_bounded_by_the_days_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much was counted: a page of the store for each hundred days and place, and nothing for each row."""
    calls: list[str] = []
    listed = world.store.list

    def counted(kind: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(kind.noun)
        return listed(kind, *args, **kwargs)

    monkeypatch.setattr(world.store, "list", counted)
    for n in range(1, 31):
        day(world, ALL, f"2026-05-{n:02d}", **{f"asked__{c}": 10**6 for c in ("sms", "email", "whatsapp")})
    items(world, "funnel?from=2026-05-01&to=2026-05-30")
    assert calls == ["report_day"]
    assert items(world, "funnel?from=2025-06-05&to=2026-06-01&by=month")[-2]["asked"] == 90 * 10**6
    assert calls == ["report_day"] * 2


def test_the_weekly_report_is_a_file_that_a_browser_may_open(world: World) -> None:
    day(world, ALL, "2026-05-26", booked__sms=1234567)
    answer = world.call("GET", "/reports/weekly")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="reports-weekly.html"'
    assert "1,234,567" in answer.text
    assert "<script" not in answer.text
    assert "<form" not in answer.text
    assert "25 May 2026 to 31 May 2026" in answer.text
    members = world.call("GET", "/reports/weekly?week=2026-05-25", token=world.token(role="member")).text
    assert ("What a customer costs" in members, "What a customer costs" in answer.text) == (False, True)
    limited = world.token(role="member", locations=[world.a.location_id])
    assert "1,234,567" not in world.call("GET", "/reports/weekly", token=limited).text
    assert problem(world.call("GET", "/reports/weekly?week=2026-05-26"), 422)["field"] == "week"
    problem(world.call("GET", f"/reports/weekly?location_id={world.b.location_id}"), 404)


def test_an_admin_names_who_gets_the_weekly_report(world: World) -> None:
    assert world.call("GET", "/reports/digest").json()["version"] == 0
    body = {"version": 0, "member_ids": [world.a.member_id], "time_zone": "America/Chicago"}
    assert world.call("PUT", "/reports/digest", body).json()["member_ids"] == [world.a.member_id]
    assert world.call("GET", "/reports/digest").json()["time_zone"] == "America/Chicago"
    problem(world.call("PUT", "/reports/digest", body), 409)
    for wrong, field in (
        ({"time_zone": "Chicago"}, "time_zone"), ({"member_ids": [world.b.member_id]}, "member_ids"),
        ({"member_ids": ["x"] * 51}, "member_ids"),
    ):  # fmt: skip
        assert problem(world.call("PUT", "/reports/digest", body | {"version": 1} | wrong), 422)["field"] == field
