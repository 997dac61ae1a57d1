"""The weekly report by e-mail: once for each week, Monday 08:00 of the organization, to who was named and has not
stopped it; its page shows what its reader may see."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.campaigns.model import PageToken
from moref.campaigns.zones import zone
from moref.events import ROUTES
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.kernel.names import REPORTS
from moref.messaging.compose_message import outgoing
from moref.messaging.last_look import Go, last_look
from moref.messaging.model import CONFIDENTIAL, Message
from moref.messaging.send_message import _unsubscribe
from moref.pages.dispatch import answer
from moref.records import Change, every, get
from moref.reporting.digest import Digest
from moref.reporting.digest_due import sweep_digests
from moref.reporting.save_digest import next_monday, save_digest
from moref.runtime import Runtime
from moref.tenants.model import Member, Organization
from report_worker.handler import work
from tests.fakes.memory_store import MemoryStore
from tests.fakes.page_server import event
from tests.fakes.runtime import FakeClock, fake_runtime
from tests.unit.reporting import week_world

ORG, ZONE = "org_1", "America/Chicago"
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SUNDAY = datetime(2026, 6, 7, 18, 0, tzinfo=UTC)


@pytest.fixture
def runtime() -> Runtime:
    made = fake_runtime(clock=FakeClock(SUNDAY))
    week_world.organization(made, ORG, "Bluebird & Söhne <b>")
    week_world.place(made, ORG, "loc_1", "Bluebird Austin")
    week_world.place(made, ORG, "loc_2", "Bluebird Dallas")
    week_world.member(made, ORG, "mem_owner")
    week_world.member(made, ORG, "mem_desk", role="member", location_ids=["loc_2"])
    week_world.counters(made, ORG)
    return made


def clock(runtime: Runtime) -> FakeClock:
    return cast(FakeClock, runtime.clock)


def named(runtime: Runtime, *members: str, version: int = 0, time_zone: str = ZONE) -> Digest:
    return save_digest(runtime, ORG, version, [*members], time_zone, actor="mem_owner")


def told(runtime: Runtime) -> list[str]:
    """The weeks told of, and the e-mails planned for them; each event twice."""
    store = cast(MemoryStore, runtime.store)
    events = [each for each in store.events if each["name"] == "report.digest_due"]
    store.events = []
    for each in events * 2:
        assert REPORTS in ROUTES[each["name"]]
        work(runtime, each)
    return [str(each["subject"]) for each in events]


def mails(runtime: Runtime) -> list[Message]:
    return [each for each in every(runtime.store, Message, ORG) if each.template == "weekly_report"]


def path_of(mail: Message) -> str:
    return mail.fields["report_link"].removeprefix("https://go.example.test")


def visit(runtime: Runtime, path: str, body: bytes | None = None) -> dict[str, Any]:
    return answer(runtime, event("GET" if body is None else "POST", path, body=body or b""))


def hourly(runtime: Runtime, hours: int) -> list[str]:
    found = []
    for _ in range(hours):
        clock(runtime).move(hours=1)
        sweep_digests(runtime)
        sweep_digests(runtime)
        found += told(runtime)
    return found


def test_each_week_is_told_of_once_and_each_recipient_gets_one_mail(runtime: Runtime) -> None:
    named(runtime, "mem_owner", "mem_desk")
    assert hourly(runtime, 18) == []  # Monday 07:00 in Chicago
    assert hourly(runtime, 1) == ["2026-06-01"]
    assert sorted(mail.fields["to"] for mail in mails(runtime)) == [
        "mem_desk@bluebird.example", "mem_owner@bluebird.example",
    ]  # fmt: skip
    assert hourly(runtime, 24 * 7) == ["2026-06-08"]
    assert len(mails(runtime)) == 4


def test_a_sweep_that_comes_days_late_tells_of_the_last_week_only(runtime: Runtime) -> None:
    named(runtime, "mem_owner")
    clock(runtime).move(days=17)
    assert sweep_digests(runtime) == 1
    assert told(runtime) == ["2026-06-15"]
    assert sweep_digests(runtime) == 0


def test_a_change_in_the_hour_when_it_is_due_loses_nothing_and_repeats_nothing(runtime: Runtime) -> None:
    found = named(runtime, "mem_owner")
    clock(runtime).move(hours=19, minutes=30)  # due, and the sweep has not come by
    found = named(runtime, "mem_owner", "mem_desk", version=found.version)
    assert sweep_digests(runtime) == 1
    assert told(runtime) == ["2026-06-01"]
    named(runtime, "mem_owner", "mem_desk", version=found.version, time_zone="Pacific/Honolulu")
    clock(runtime).move(hours=6)  # Monday 08:00 comes once more, there
    assert sweep_digests(runtime) == 0
    clock(runtime).move(days=7)
    assert sweep_digests(runtime) == 1


def test_nobody_gets_it_who_was_not_named_is_no_member_any_more_or_stopped_it(runtime: Runtime) -> None:
    found = named(runtime, "mem_owner", "mem_desk")
    owner = get(runtime.store, Member, ORG, "mem_owner")
    runtime.store.commit(Change(owner, owner.changed(clock(runtime).now(), status="removed")))
    hourly(runtime, 19)
    (mail,) = mails(runtime)
    assert mail.fields["to"] == "mem_desk@bluebird.example"
    stopped = visit(runtime, path_of(mail), b"List-Unsubscribe=One-Click")
    assert (stopped["statusCode"], "stopped" in stopped["body"]) == (200, True)
    assert get(runtime.store, Digest, ORG, "weekly").stopped == ["mem_desk"]
    hourly(runtime, 24 * 7)
    assert len(mails(runtime)) == 1
    found = get(runtime.store, Digest, ORG, "weekly")
    found = named(runtime, version=found.version)  # taken off by the admin ...
    with pytest.raises(BadInput):  # ... who cannot put on whom has stopped it
        named(runtime, "mem_desk", version=found.version)
    assert hourly(runtime, 24 * 7) == []


def test_a_member_starts_it_again_on_the_same_page(runtime: Runtime) -> None:
    named(runtime, "mem_owner")
    hourly(runtime, 19)
    path = path_of(mails(runtime)[0])
    assert "Stop sending me" in visit(runtime, path)["body"]
    answer = visit(runtime, path, b"do=stop")
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, path)
    assert "Send it to me again" in visit(runtime, path)["body"]
    visit(runtime, path, b"do=start")
    visit(runtime, path, b"do=nonsense")
    assert "Stop sending me" in visit(runtime, path)["body"]


def test_who_is_named_is_an_active_member_and_the_version_is_current(runtime: Runtime) -> None:
    with pytest.raises(BadInput):
        named(runtime, "mem_nobody")
    named(runtime, "mem_owner")
    with pytest.raises(Conflict):
        named(runtime, "mem_owner")


def test_the_mail_says_the_numbers_itself_and_how_to_stop_it(runtime: Runtime) -> None:
    named(runtime, "mem_owner")
    hourly(runtime, 19)
    (mail,) = mails(runtime)
    go = last_look(runtime, mail)
    assert isinstance(go, Go)
    assert go.to == "mem_owner@bluebird.example"
    link = mail.fields["report_link"]
    out = outgoing(runtime, mail, go, clock(runtime).now(), unsubscribe=_unsubscribe(runtime, mail))
    assert "Asked: 85 (the week before: 82)" in out.body
    assert f"Open the report: {link}" in out.body
    assert "To:" not in out.body
    assert out.headers["List-Unsubscribe"] == f"<{link}>"
    assert out.html is not None
    assert "Bluebird &amp; Söhne &lt;b&gt;" in out.html
    assert "weekly_report" in CONFIDENTIAL  # other members do not read the link in the list of messages


def test_the_page_shows_what_its_reader_may_see_and_for_five_weeks(runtime: Runtime) -> None:
    named(runtime, "mem_owner", "mem_desk")
    hourly(runtime, 19)
    pages = {mail.fields["to"]: visit(runtime, path_of(mail))["body"] for mail in mails(runtime)}
    owners, desks = (pages[f"mem_{who}@bluebird.example"] for who in ("owner", "desk"))
    assert "What a customer costs" in owners
    assert "Bluebird &amp; Söhne &lt;b&gt;" in owners
    assert "<td>85</td>" in owners
    assert "What a customer costs" not in desks
    assert "Bluebird Dallas" in desks
    assert "<td>85</td>" not in desks
    clock(runtime).move(days=36)
    assert visit(runtime, path_of(mails(runtime)[0]))["statusCode"] == 404


def test_a_member_who_is_none_any_more_and_a_closed_organization_see_nothing(runtime: Runtime) -> None:
    named(runtime, "mem_owner", "mem_desk")
    hourly(runtime, 19)
    paths = {mail.fields["to"]: path_of(mail) for mail in mails(runtime)}
    for kind, id, status in ((Member, "mem_owner", "removed"), (Organization, ORG, "closed")):
        row = get(runtime.store, kind, ORG, id)
        runtime.store.commit(Change(row, row.changed(clock(runtime).now(), status=status)))
        assert visit(runtime, paths["mem_owner@bluebird.example"])["statusCode"] == 404
    assert visit(runtime, paths["mem_desk@bluebird.example"], b"do=stop")["statusCode"] == 404
    assert visit(runtime, "/report/" + "a" * 20)["statusCode"] == 404
    tokens = every(runtime.store, PageToken, GLOBAL)
    assert {token.page for token in tokens} == {"report"}


@PATIENT
@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)),
    name=st.sampled_from([ZONE, "Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
)
def test_the_next_monday_is_the_first_after_now_at_eight_there(now: datetime, name: str) -> None:
    at = now.replace(tzinfo=UTC)
    due = next_monday(at, name)
    local = due.astimezone(zone(name))
    assert (local.weekday(), local.hour, local.minute) == (0, 8, 0)
    assert timedelta(0) < due - at <= timedelta(days=7, hours=1)


def test_the_page_writes_only_what_its_function_may(runtime: Runtime) -> None:
    """It is on the internet, and its role has no part in the ledger."""
    named(runtime, "mem_owner")
    hourly(runtime, 19)
    store = cast(MemoryStore, runtime.store)
    before = {key: row["version"] for key, row in store.rows.items()}
    for form in (b"do=stop", b"do=start", b"List-Unsubscribe=One-Click"):
        visit(runtime, path_of(mails(runtime)[0]), form)
    changed = {key[:2] for key, row in store.rows.items() if before.get(key) != row["version"]}
    assert changed == {("core", f"{ORG}#report_digest#weekly")}
