"""The way of a file: upload, dry run, report, start, progress, cancel; slices that may die at any point."""

import csv
import io
from datetime import timedelta
from typing import Any, get_args

import pytest

from bulk_worker.handler import work
from moref import csv_table
from moref.aws.compose import composed
from moref.imports.forget import WORDS, forget_import, sweep_imports
from moref.imports.model import MOST_BYTES, MOST_ROWS, STEP, Import, Kind
from moref.imports.persons import PHONE
from moref.imports.table import KINDS
from moref.intake.model import Contact
from moref.kernel import plugins
from moref.kernel.clock import iso
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, every, get
from moref.tenants.model import Hook, Location
from tests.fakes.memory_store import Crash
from tests.unit.imports.conftest import Office

THREE = "First Name;E-Mail;Mobile;Shoe size\nAnn;ann@example.com;;39\nBob;;(512) 555-0142;44\nCid;nobody;;41\n"


def many(rows: int) -> str:
    lines = [f"Person{number},p{number}@example.com" for number in range(rows)]
    return "\n".join(["first_name,email", *lines])


def test_a_dry_run_says_how_the_file_was_read_and_changes_nothing(office: Office) -> None:
    before = dict(office.store.rows)
    one = office.checked("contacts", THREE)
    assert (one["status"], one["delimiter"], one["rows"]) == ("checked", "semicolon", 3)
    assert one["columns"] == {"first_name": "First Name", "email": "E-Mail", "phone": "Mobile"}
    assert one["unused"] == ["Shoe size"]
    assert one["checked"] == {"accepted": 2, "rejected": 1}
    assert one["progress"] == {"done": 3, "rows": 3}
    new = {row["noun"] for key, row in office.store.rows.items() if key not in before}
    assert new <= {"import", "audit", "call_minute"}
    assert every(office.store, Contact, office.org) == []


def test_rejected_rows_are_a_csv_file_with_row_column_and_reason(office: Office) -> None:
    formula = '=HYPERLINK("x")'
    one = office.checked(
        "contacts", f'first_name,email\n"{formula.replace(chr(34), chr(34) * 2)}",bad\nAnn,a@b.example\n'
    )
    answer = office.world.call("GET", f"/imports/{one['id']}/rejected")
    assert answer.status == 200
    assert office.files.links == [office.row(one["id"]).rejected_file]
    lines = list(csv.reader(io.StringIO(office.rejected(one["id"]))))
    assert lines == [
        ["row", "column", "reason", "first_name", "email"],
        ["2", "email", "not an e-mail address", "'" + formula, "bad"],
    ]


def test_nothing_rejected_is_no_file(office: Office) -> None:
    one = office.checked("contacts", many(2))
    assert office.world.call("GET", f"/imports/{one['id']}/rejected").status == 404


def test_what_was_accepted_is_brought_in_and_the_files_go(office: Office) -> None:
    one = office.brought("contacts", THREE)
    assert (one["status"], one["counts"]) == ("done", {"created": 2, "rejected": 1})
    assert {(each.first_name, each.email, each.phone) for each in every(office.store, Contact, office.org)} == {
        ("Ann", "ann@example.com", None),
        ("Bob", None, "+15125550142"),
    }
    assert list(office.files.kept) == [office.row(one["id"]).rejected_file]
    actions = [item["action"] for item in office.world.call("GET", f"/audit?subject={one['id']}").json()["items"]]
    assert sorted(actions) == ["import.asked", "import.done", "import.started"]


def test_the_same_file_again_makes_nothing_twice(office: Office) -> None:
    office.brought("contacts", THREE)
    rows = {key: row["version"] for key, row in office.store.rows.items() if row["noun"] == "contact"}
    again = office.brought("contacts", THREE)
    assert again["counts"] == {"unchanged": 2, "rejected": 1}
    assert {key for key, row in office.store.rows.items() if row["noun"] == "contact"} == set(rows)


def test_a_file_is_uploaded_with_a_form_and_checked_when_it_is_there(office: Office) -> None:
    one = office.ask("contacts")
    assert one["status"] == "uploading"
    assert one["upload"]["fields"]["Content-Type"] == "text/csv"
    assert office.files.forms == [(f"{office.org}/imports/{one['id']}/file.csv", "text/csv", MOST_BYTES)]
    path = f"/imports/{one['id']}/check"
    assert office.world.call("POST", path).status == 409
    office.files.put(office.files.forms[0][0], many(3).encode("utf-8-sig"), content_type="text/csv")
    for _ in range(2):
        assert office.world.call("POST", path).json()["status"] == "checking"
    office.work()
    assert office.read(one["id"])["checked"] == {"accepted": 3}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"first_name,email\nAnn\xff,a@b.example\n", "line 2 is not UTF-8"),
        (b"\x00\x01", "not a CSV file"),
        (b"first_name\nAnn\n", "no column for phone or email"),
        (b"first_name,email\n", "no rows"),
        (b"email,e-mail\na@b.example,b@b.example\n", "both email"),
        (b'first_name,email\n"Ann,a@b.example\n', "quote does not end"),
        (b"email\n" + b"\n".join(b"p%d@example.com" % n for n in range(MOST_ROWS + 1)), f"more than {MOST_ROWS} rows"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(office: Office, file: bytes, words: str) -> None:
    one = office.ask("contacts")
    office.files.put(f"{office.org}/imports/{one['id']}/file.csv", file, content_type="text/csv")
    office.world.call("POST", f"/imports/{one['id']}/check")
    office.work()
    found = office.read(one["id"])
    assert found["status"] == "refused"
    assert words in found["reason"]
    assert office.files.kept == {}
    assert office.world.call("POST", f"/imports/{one['id']}/start").status == 409


def test_a_row_that_stands_twice_is_taken_once(office: Office) -> None:
    one = office.checked("contacts", "email,note\na@b.example,x\nc@d.example,y\na@b.example,z\n")
    assert one["checked"] == {"accepted": 2, "rejected": 1}
    assert "the same as row 2" in office.rejected(one["id"])


def test_a_large_file_is_worked_off_in_slices_that_send_themselves_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, slices = 25 * STEP + 7, 0
    commit = office.store.commit

    def slow(*writes: Any) -> None:
        if any(isinstance(write, Change) and isinstance(write.after, Import) for write in writes):
            office.clock.move(seconds=3)  # every step takes its time
        commit(*writes)

    monkeypatch.setattr(office.store, "commit", slow)
    id = office.ask("contacts", many(rows))["id"]
    event = office.store.events[-1]
    messages, sent = [event], office.runtime.queues
    seen = []
    while messages:
        begun = office.clock.now()
        work(office.runtime, messages.pop())
        slices += 1
        assert office.clock.now() - begun <= timedelta(seconds=12)
        messages += [message for _, message in sent.sent]  # type: ignore[attr-defined]
        sent.sent.clear()  # type: ignore[attr-defined]
        seen.append(office.read(id)["progress"]["done"])
    assert slices > 5
    assert seen == sorted(seen)
    assert office.read(id)["checked"] == {"accepted": rows}


@pytest.mark.parametrize("point", range(1, 40, 3))
def test_a_crash_at_any_write_and_a_second_try_end_alike(office: Office, point: int) -> None:
    one = office.checked("contacts", many(12))
    assert office.world.call("POST", f"/imports/{one['id']}/start").status == 200
    event = office.store.events[-1]
    office.store.crash_at = office.store.points + point
    try:
        work(office.runtime, event)
    except Crash:
        work(office.runtime, event)
    office.store.crash_at = None
    done = office.read(one["id"])
    assert done["status"] == "done"
    assert len(every(office.store, Contact, office.org)) == 12
    assert done["counts"] == {"created": 12}
    assert office.files.kept == {}


FILES = {
    "contacts": "first_name,email\nAnn,ann@example.com\nBob,bob@example.com\n",
    "partners": "first_name,email\nAnn,ann@example.com\nBob,bob@example.com\n",
    "owed_rewards": "advocate_email,amount,currency\nann@example.com,25.00,USD\nbob@example.com,30.00,USD\n",
    "do_not_contact": "email,phone\nann@example.com,5125550142\nbob@example.com,\n",
    "past_jobs": "job id,email,completed\nJ-1,ann@example.com,2026-01-05\nJ-2,bob@example.com,2026-01-06\n",
    "past_referrals": "advocate_email,friend_email,referred on,state\n"
    "ann@example.com,fay@example.com,2026-01-05,open\nbob@example.com,gus@example.com,2026-01-06,lost\n",
}


@pytest.mark.parametrize("kind", sorted(FILES))
def test_whatever_a_row_makes_it_counts_as_made_though_its_worker_died(kind: str) -> None:
    def started(crash: int | None) -> dict[str, Any]:
        before = dict(composed)
        try:
            office = Office()
            more = {"connection_id": office.world.a.connection_id} if kind == "past_jobs" else {}
            one = office.checked(kind, FILES[kind], **more)
            assert one["checked"] == {"accepted": 2}, office.rejected(one["id"])
            assert office.world.call("POST", f"/imports/{one['id']}/start").status == 200
            event = office.store.events[-1]
            office.store.crash_at = None if crash is None else office.store.points + crash
            for _ in range(2):
                try:
                    work(office.runtime, event)
                except Crash:
                    continue
            office.store.crash_at = None
            return office.read(one["id"])
        finally:
            composed.clear()
            composed.update(before)

    calm = started(None)
    assert (calm["status"], calm["counts"]) == ("done", {"created": 2})
    for point in range(1, 22):
        assert started(point)["counts"] == calm["counts"], point


def test_a_file_that_changes_people_counts_them_as_changed_though_its_worker_died(office: Office) -> None:
    office.brought("contacts", "first_name,email\nAnn,ann@example.com\nBob,bob@example.com\n")
    one = office.checked("contacts", "first_name,last_name,email\nAnn,Lee,ann@example.com\nBob,,bob@example.com\n")
    office.world.call("POST", f"/imports/{one['id']}/start")
    event = office.store.events[-1]
    office.store.crash_at = office.store.points + 3  # after the first row, before its step
    with pytest.raises(Crash):
        work(office.runtime, event)
    work(office.runtime, event)
    assert office.read(one["id"])["counts"] == {"changed": 1, "unchanged": 1}


def looked(office: Office) -> int:
    hook = Hook(organization_id=GLOBAL, id="h", created_at=office.clock.now(), updated_at=office.clock.now(),
                source="crm:generic", connection_id="crm_1", owner_id=office.org, secret_ciphertexts=[])  # fmt: skip
    if office.store.find(Hook, GLOBAL, "h") is None:
        office.store.commit(Create(hook))
    sent = sweep_imports(office.runtime)
    office.work()
    return sent


def test_rejected_rows_go_three_days_after_the_import_has_ended(office: Office) -> None:
    one = office.brought("contacts", THREE)
    assert one["rejected_until"] == iso(office.clock.now() + timedelta(days=3))
    office.clock.move(days=3, seconds=-1)
    assert looked(office) == 0
    forget_import(office.runtime, office.org, one["id"])
    assert office.world.call("GET", f"/imports/{one['id']}/rejected").status == 200
    office.clock.move(seconds=1)
    assert looked(office) == 1
    assert office.files.kept == {}
    assert office.world.call("GET", f"/imports/{one['id']}/rejected").status == 404
    found = office.read(one["id"])
    assert (found["status"], found["rejected_until"], looked(office)) == ("done", None, 0)


def test_what_nobody_starts_goes_after_thirty_days(office: Office) -> None:
    waiting, uploading = office.checked("contacts", THREE), office.ask("contacts")
    office.clock.move(days=30, seconds=-1)
    assert (looked(office), len(office.files.kept)) == (0, 4)
    office.clock.move(seconds=1)
    assert (looked(office), office.files.kept) == (2, {})
    for id in (waiting["id"], uploading["id"]):
        found = office.read(id)
        assert (found["status"], found["reason"]) == ("cancelled", WORDS)
    assert looked(office) == 0


def test_a_message_that_comes_twice_counts_nothing_twice(office: Office) -> None:
    one = office.brought("contacts", many(5))
    for event in [each for each in office.store.events if each["name"].startswith("import.")]:
        work(office.runtime, event)
    assert office.read(one["id"]) == one


def test_two_workers_at_once_count_each_row_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office.checked("contacts", many(2 * STEP + 1))
    office.world.call("POST", f"/imports/{one['id']}/start")
    event, commit, turns = office.store.events[-1], office.store.commit, [0]

    def meanwhile(*writes: Any) -> None:
        if any(isinstance(write, Change) and isinstance(write.after, Import) for write in writes):
            turns[0] += 1
            if turns[0] == 1:
                work(office.runtime, event)  # the other worker does all of it first
        commit(*writes)

    monkeypatch.setattr(office.store, "commit", meanwhile)
    work(office.runtime, event)
    done = office.read(one["id"])
    assert done["status"] == "done"
    assert sum(done["counts"].values()) == 2 * STEP + 1


def test_cancelled_it_ends_where_it_is_and_its_files_go(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office.checked("contacts", many(3 * STEP))
    office.world.call("POST", f"/imports/{one['id']}/start")
    event, commit, turns = office.store.events[-1], office.store.commit, [0]

    def cancelling(*writes: Any) -> None:
        if any(isinstance(write, Change) and isinstance(write.after, Import) for write in writes):
            turns[0] += 1
            if turns[0] == 2:
                assert office.world.call("POST", f"/imports/{one['id']}/cancel").json()["status"] == "cancelled"
        commit(*writes)

    monkeypatch.setattr(office.store, "commit", cancelling)
    work(office.runtime, event)
    found = office.read(one["id"])
    assert (found["status"], found["counts"]) == ("cancelled", {"created": STEP})
    assert len(every(office.store, Contact, office.org)) == 2 * STEP  # the step in work was not counted, and stays
    assert office.files.kept == {}
    assert office.world.call("POST", f"/imports/{one['id']}/start").status == 409


def test_only_what_was_checked_is_started_and_only_by_admins_of_the_whole_house(office: Office) -> None:
    one = office.ask("contacts", THREE)
    assert office.world.call("POST", f"/imports/{one['id']}/start").status == 409
    office.work()
    for caller in ({"role": "member"}, {"role": "admin", "locations": [office.place]}):
        token = office.world.token(**caller)
        assert office.world.call("POST", f"/imports/{one['id']}/start", token=token).status == 403
        assert office.world.call("GET", "/imports", token=token).status == 403
    nothing = office.checked("contacts", "email\nnobody\n")
    assert office.world.call("POST", f"/imports/{nothing['id']}/start").status == 409
    stranger = office.world.token(of=office.world.b)
    assert office.world.call("GET", f"/imports/{one['id']}", token=stranger).status == 404


def test_options_that_do_not_fit_are_refused(office: Office) -> None:
    world, body = office.world, {"kind": "contacts", "location_id": office.place, "csv": "email\na@b.example\n"}
    for change, status in (
        ({"kind": "secrets"}, 422),
        ({"location_id": "loc_none"}, 404),
        ({"connection_id": "con_none"}, 404),
        ({"location_id": world.b.location_id}, 404),
        ({"kind": "past_jobs"}, 422),
        ({"as_of": "2099-01-01T00:00:00Z"}, 422),
        ({"currency": "XXX"}, 422),
        ({"more": 1}, 422),
    ):
        assert world.call("POST", "/imports", body | change).status == status, change
    one = world.call("POST", "/imports", body, key="k1").json()
    assert world.call("POST", "/imports", body, key="k1").json()["id"] == one["id"]
    assert get(office.store, Import, office.org, one["id"]).asked_by == world.a.member_id


def test_a_file_for_a_branch_that_went_to_another_organization_meanwhile_is_refused(office: Office) -> None:
    id = office.checked("contacts", THREE)["id"]
    place = get(office.store, Location, office.org, office.place)
    gone = place.changed(office.clock.at, status="archived", transferred_to="Redbird")
    office.store.commit(Change(place, gone))
    one = office.start(id)
    assert one["status"] == "refused"
    assert "went to Redbird" in one["reason"]
    assert every(office.store, Contact, office.org) == []


def test_every_kind_says_what_it_does_and_which_columns_it_has(office: Office) -> None:
    kinds = {each["kind"]: each for each in office.world.call("GET", "/import-kinds").json()["items"]}
    assert set(kinds) == set(get_args(Kind)) == set(plugins.names(KINDS))
    for each in kinds.values():
        known = {column["name"] for column in each["columns"]}
        assert known.issuperset(name for group in each["required"] for name in group)
        header = ",".join(column["name"] for column in each["columns"])
        taken = csv_table.rows(header + "\n", {one["name"]: one["also"] for one in each["columns"]})[0].taken
        assert set(taken) == known  # no name of one column leads to another
    assert {"name": "phone", "also": list(PHONE)} in kinds["contacts"]["columns"]
