"""The counters of the reports, held to a recount by brute force over random histories, told in any order and twice."""

from collections import Counter
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.kernel.names import REPORTS
from moref.messaging.model import Message
from moref.privacy.blank import blanked
from moref.records import Change, every, get
from moref.referrals.model import Advocate, Link, Referral
from moref.referrals.record_clicks import record_clicks
from moref.reporting.count_again import sweep_counters
from moref.reporting.counters import ALL, ROWS, Share
from moref.reporting.periods import By, by_period, period_of
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Hook, Location
from report_worker.handler import work
from tests.fakes.memory_store import Crash
from tests.unit.reporting.brute import Brute
from tests.unit.reporting.report_world import ORG, ZONES, ReportWorld

FRIENDS = {"ref_1": ("x", "loc_1"), "ref_2": ("x", "loc_1"), "ref_3": ("y", "loc_2")}
STATUSES = ("quoted", "booked", "invoiced", "qualified", "cancelled", "removed", "lost")
FACTS: dict[str, dict[str, bool | int]] = {
    "quoted": {"quoted": True}, "booked": {"booked": True, "amount": 150_000}, "invoiced": {"invoiced": True},
    "qualified": {"paid": True, "amount": 99}, "cancelled": {"cancelled": True, "booked": False}, "removed": {},
    "lost": {},
}  # fmt: skip
PAYOUT = ("submitted", "accepted", "delivered", "needs_person")
# A step: who, by how many hours later, whether it is told at once, and which of several things happens.
STEP = st.tuples(
    st.sampled_from(("msg_x_a", "msg_x_b", "msg_y_a", "click", *FRIENDS, "money", "partner", "reverse")),
    st.integers(0, 400), st.booleans(), st.integers(0, 20),
)  # fmt: skip


def started() -> ReportWorld:
    w = ReportWorld()
    w.own_job("x", timedelta(days=50))
    w.advocate("x")
    w.advocate("y", "loc_2", "partner")
    w.message("x", "a")
    w.message("x", "b", "email")
    w.message("y", "a", "whatsapp", "loc_2")
    return w


def happens(w: ReportWorld, who: str, which: int) -> None:
    """The next thing that can happen to it."""
    if who.startswith("msg_"):
        if get(w.store, Message, ORG, who).sent_at is None:
            w.leaves(*who.split("_")[1:])
    elif who == "click":
        w.clicked("xy"[which % 2])
    elif who in FRIENDS:
        tag, place = FRIENDS[who]
        if w.store.find(Referral, ORG, who) is None:
            w.friend(who, tag, place, lead=which % 2 == 0)
        else:
            status = STATUSES[which % len(STATUSES)]
            w.job(who, status, FACTS[status], "USD" if which < 18 else "CAD")
    elif who == "partner":
        w.change(Advocate, "adv_y", kind="partner")
        w.tell("partner.onboarded", "adv_y")
    else:
        money(w, [id for id in FRIENDS if w.store.find(Referral, ORG, id)], who, which)


def money(w: ReportWorld, friends: list[str], who: str, which: int) -> None:
    if not friends:
        return
    id = friends[which % len(friends)]
    reward = w.store.find(Reward, ORG, f"rwd_{id}")
    if who == "reverse":
        if reward is not None:
            w.change(Reward, reward.id, status="reversed")
            w.tell("reward.reversed", reward.id)
    elif w.store.find(Conversion, ORG, conversion_id(ORG, id)) is None:
        w.qualifies(id)
    elif reward is None:
        w.approve(id, 2500 + which)
    else:
        w.pay(id, status=PAYOUT[which % len(PAYOUT)])


def holds(w: ReportWorld) -> None:
    expected = Brute(w.store, ORG, ZONES).count()
    assert w.counters() == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=st.lists(STEP, min_size=5, max_size=40), order=st.randoms(use_true_random=False))
def test_random_histories_told_in_any_order_and_twice_count_as_brute_force_counts(
    history: list[tuple[str, int, bool, int]], order: Any
) -> None:
    w = started()
    for who, hours, soon, which in history:
        w.clock.move(hours=hours)
        happens(w, who, which)
        if soon:
            tell(w, order)
    w.tell("referral.changed", "ref_unknown")  # of another life: nothing to count
    for tag in "xy":
        w.tell("message.changed", f"msg_{tag}_a")
    tell(w, order)
    holds(w)
    for row in w.store.list(Share, ORG, limit=100).items:
        assert all(number for counts in row.adds.values() for number in counts.values())


def count_everything_again(w: ReportWorld) -> None:
    """What the night does."""
    w.put(
        Hook(
            **(w.base("token") | {"organization_id": "*"}), owner_id=ORG, source="crm:generic", connection_id="con",
            secret_ciphertexts=[],
        )
    )  # fmt: skip
    assert sweep_counters(w.runtime) == 1
    w.hear([])
    queues: Any = w.runtime.queues
    while queues.sent:
        queue, message = queues.sent.pop(0)
        assert queue == REPORTS
        work(w.runtime, message)


def tell(w: ReportWorld, order: Any) -> None:
    """Each once or twice."""
    events, w.told = w.told, []
    events += [event for event in events if order.random() < 0.5]
    order.shuffle(events)
    w.hear(events)


def a_story(w: ReportWorld) -> None:
    w.leaves("x", "a")
    w.clock.move(hours=5)
    w.clicked("x")
    w.friend("ref_1", "x", lead=True)
    w.clock.move(days=2)
    w.job("ref_1", "booked", {"booked": True, "amount": 200_000})
    w.clock.move(days=9)
    w.job("ref_1", "invoiced", {"invoiced": True})
    w.qualifies("ref_1")
    w.approve("ref_1")
    w.clock.move(minutes=12)
    w.pay("ref_1", status="accepted")


def test_one_friend_from_the_question_to_the_paid_reward() -> None:
    w = started()
    a_story(w)
    w.hear()
    holds(w)
    counts: dict[str, int] = {}
    for key, row in w.counters().items():
        if key.startswith("report_day/organization"):
            for counter, number in row.items():
                counts[counter] = counts.get(counter, 0) + number
    assert counts.pop("cost.USD.gift_card") == 2500
    assert counts.pop("revenue.USD.sms") == 200_000
    stages = {"asked", "clicked", "quoted", "booked", "invoiced", "paid"}
    assert {f"{stage}.sms": 1 for stage in stages}.items() <= counts.items()
    assert {"conversion.approved": 1, "payout.accepted": 1}.items() <= counts.items()


def test_erasing_the_people_takes_nothing_out_of_the_reports() -> None:
    w = started()
    a_story(w)
    w.hear()
    told = w.counters()
    w.clock.move(days=1)
    for row in [
        row for noun in (Message, Link, Referral, Advocate, Payout, Reward) for row in every(w.store, noun, ORG)
    ]:
        if (after := blanked(row, {"con_x", "con_f"}, w.clock.now())) is not None:
            w.put(Change(row, after))
    assert not get(w.store, Message, ORG, "msg_x_a").fields
    count_everything_again(w)
    assert w.counters() == told


@pytest.mark.parametrize("point", range(1, 30))
def test_a_crash_at_any_write_counts_nothing_twice_and_loses_nothing(point: int) -> None:
    w = started()
    a_story(w)
    events, w.told = w.told, []
    w.store.points, w.store.crash_at = 0, point
    for event in events:
        try:
            w.hear([event])
        except Crash:
            w.hear([event])
    holds(w)


@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("places", [[ALL], ["loc_1", "loc_2"]])
def test_what_a_report_reads_is_what_brute_force_finds_in_those_days(by: By, places: list[str]) -> None:
    w = started()
    a_story(w)
    w.clock.move(days=40)
    w.friend("ref_3", "y", "loc_2", lead=True)
    w.hear()
    first, last = date(2026, 6, 29), date(2026, 8, 20)
    expected: Counter[str] = Counter()
    for key, counts in Brute(w.store, ORG, ZONES).count().items():
        noun, _, id = key.partition("/")
        if noun == "report_day" and id.startswith(ALL) and first.isoformat() <= id[-10:] <= last.isoformat():
            expected.update(counts)
    found: Counter[str] = Counter()
    periods = by_period(w.store, ORG, places, (first, last), by)
    for counts in periods.values():
        found.update(counts)
    assert found == expected
    assert expected["quoted.direct"] == 1
    assert [*periods] == sorted({period_of(first + timedelta(days=n), by) for n in range((last - first).days + 1)})


def test_each_branch_counts_by_the_calendar_of_its_own_zone() -> None:
    w = started()
    w.clicked("x")
    w.clicked("y")
    w.hear()
    days = {key.partition("/")[2] for key in w.counters() if key.startswith("report_day/loc")}
    assert days == {"loc_1.2026-06-27", "loc_2.2026-06-28"}  # one instant, Saturday in Chicago, Sunday in Auckland


def test_a_late_batch_with_an_earlier_first_click_moves_it_to_its_day() -> None:
    w = started()
    now = w.clock.now()
    w.hear()
    for at in (now, now - timedelta(days=1)):
        record_clicks(w.runtime, ORG, "Cx", [at])
        events, w.store.events = w.store.events, []
        w.hear([event for event in events if event["name"] == "link.clicked"])
    holds(w)
    assert get(w.store, Link, ORG, "Cx").first_clicked_at == now - timedelta(days=1)


def test_an_advocate_is_active_in_a_month_while_one_friend_counts() -> None:
    w = started()
    for id in ("ref_1", "ref_2"):
        w.friend(id, "x", lead=True)
    w.hear()
    month = "report_month/organization.2026-06"
    assert w.counters()[month]["active.customer"] == 1
    w.job("ref_1", "removed", {})
    w.hear()
    assert w.counters()[month]["active.customer"] == 1
    w.job("ref_2", "removed", {})
    w.hear()
    assert "active.customer" not in w.counters()[month]
    holds(w)


def test_the_nightly_walk_finds_what_no_event_tells() -> None:
    w = started()
    a_story(w)
    w.hear()
    w.change(Advocate, "adv_x", kind="partner")
    place = get(w.store, Location, ORG, "loc_1")
    w.put(Change(place, place.changed(w.clock.now(), time_zone="Pacific/Auckland")))
    count_everything_again(w)
    assert w.counters() == Brute(w.store, ORG, ZONES | {"loc_1": "Pacific/Auckland"}).count()
    assert any("partner.adv_x" in key for key in w.counters())


def test_what_a_merged_person_brought_stands_with_the_row_that_counts() -> None:
    w = started()
    w.advocate("z")
    w.change(Advocate, "adv_z", merged_into="adv_x")
    w.friend("ref_1", "z", lead=True)
    w.hear()
    assert [key for key in w.counters() if ".adv_z" in key] == []
    assert "advocate_standing/loc_1.2026.customer.adv_x" in w.counters()


def test_counters_are_the_sum_of_the_shares() -> None:
    w = started()
    a_story(w)
    w.hear()
    total: dict[str, dict[str, int]] = {}
    for share in w.store.list(Share, ORG, limit=100).items:
        for row, counts in share.adds.items():
            for counter, number in counts.items():
                total.setdefault(row, {})[counter] = total.get(row, {}).get(counter, 0) + number
    found = w.counters()
    for key, counts in total.items():
        assert counts.items() <= found[key].items()
    assert found.keys() == total.keys() | {"report_month/loc_1.2026-06", "report_month/organization.2026-06"}


def test_a_payout_whose_reward_is_not_there_is_left_for_later() -> None:
    w = ReportWorld()
    w.tell("payout.changed", "pay_none", reward_id="rwd_none")
    w.hear()
    assert w.counters() == {}
    assert [row for row in w.store.rows.values() if row["noun"] in (Share.noun, Payout.noun, *ROWS)] == []
