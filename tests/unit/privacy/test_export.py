"""Copies of what is held: of one person everything and of nobody else, of an organization all it owns and no secret."""

import csv
import io
import json
from typing import Any

import pytest

from bulk_worker.handler import WORK
from moref.kernel.errors import Conflict, Forbidden
from moref.messaging.model import Message
from moref.privacy import export_organization
from moref.privacy.ask_export import ask_export, links
from moref.privacy.inventory import INVENTORY
from moref.privacy.model import Export
from moref.privacy.sweep import sweep_exports
from moref.records import Create, get
from tests.fakes.referral_world import LOCATION, ORG
from tests.unit.privacy.world import ANN, FRITZ, Life


@pytest.fixture
def life() -> Life:
    made = Life()
    made.full()
    made.payout()
    return made


def asked(life: Life, contact_id: str | None = None, id: str = "exp_1") -> Export:
    ask_export(life.runtime, ORG, id, contact_id=contact_id, actor="mem_1")
    life.work("export.asked", id)
    return get(life.store, Export, ORG, id)


def files(life: Life) -> dict[str, bytes]:
    return {key.rpartition("/")[2]: body for key, (body, _) in life.runtime.files.kept.items()}  # type: ignore[attr-defined]


def person(life: Life, contact_id: str) -> dict[str, Any]:
    asked(life, contact_id)
    found: dict[str, Any] = json.loads(files(life)["person.json"])
    return found


def test_a_person_gets_everything_that_is_held_of_them(life: Life) -> None:
    found = person(life, life.ann)
    text = json.dumps(found).lower()
    for word in ("annabel", "quimby", ANN["phone"], ANN["email"], "77 canary", "ann-says: what about my boxes?",
                 "ann-says: late", "zebedee"):  # fmt: skip
        assert word in text, word
    assert {"contact", "job", "message", "feedback", "advocate", "link", "reward", "payout"} <= found["rows"].keys()
    assert set(found["held"]) <= INVENTORY.keys()


def test_a_person_gets_nothing_of_their_friend(life: Life) -> None:
    text = json.dumps(person(life, life.ann)).lower()
    for word in ("fritz", "frindle", FRITZ["phone"], "12 warbler", life.fritz.lower()):
        assert word not in text, word


def test_an_organization_gets_every_row_of_every_noun_as_lines_and_as_a_table(life: Life) -> None:
    export_organization.PAGE, kept = 2, export_organization.PAGE
    try:
        done = asked(life)
    finally:
        export_organization.PAGE = kept
    assert (done.status, done.at_noun) == ("ready", None)
    found = files(life)
    for noun in ("contact", "job", "link", "entry", "audit", "message"):
        rows = [row for row in life.store.rows.values() if row["noun"] == noun]
        lines = [json.loads(line) for name, body in sorted(found.items()) if name.startswith(f"{noun}.")
                 and name.endswith(".jsonl") for line in body.decode().splitlines()]  # fmt: skip
        assert {line["id"] for line in lines} == {row["pk"].rpartition("#")[2] for row in rows}, noun
    table = list(csv.DictReader(io.StringIO(found["contact.0001.csv"].decode())))
    assert {"first_name", "phone", "consents"} <= table[0].keys()
    assert done.rows == sum(file.rows for file in done.files if file.name.endswith(".csv"))


def test_no_secret_is_in_it_and_nothing_of_another_organization(life: Life) -> None:
    asked(life)
    everything = b"".join(files(life).values()).decode()
    connection = next(row for row in life.store.rows.values() if row["noun"] == "connection")
    for secret in (connection["data"]["secret_ciphertext"], '"hook_token"', "secret_ciphertext"):
        assert secret not in everything
    assert not [name for name in files(life) if name.split(".")[0] in ("hook", "door", "inbox", "session")]


def test_a_code_that_only_its_recipient_knows_is_in_no_copy(life: Life) -> None:
    code = Message(**life.world.base("msg_code"), channel="email", template="confirm_address", kind="service",
                   location_id=LOCATION, contact_id=life.ann, fields={"code": "918273"}, body="918273")  # fmt: skip
    life.store.commit(Create(code))
    asked(life)
    asked(life, life.ann, "exp_2")
    assert b"msg_code" in b"".join(files(life).values())
    assert b"918273" not in b"".join(files(life).values())


def test_a_cell_is_never_a_formula(life: Life) -> None:
    life.webhook("J-7", {"id": "C-7", "first_name": "=HYPERLINK(1)", "phone": "+15125550111"}, "booked")
    asked(life)
    assert b"'=HYPERLINK(1)" in files(life)["contact.0001.csv"]
    assert b'"=HYPERLINK(1)"' in files(life)["contact.0001.jsonl"]


def test_links_are_for_those_who_may_and_audited_and_end_with_the_files(life: Life) -> None:
    done = asked(life)
    with pytest.raises(Forbidden):
        links(life.runtime, ORG, done.id, may_have_all=lambda: False, actor="mem_2")
    given = links(life.runtime, ORG, done.id, may_have_all=lambda: True, actor="mem_1")
    assert len(given) == len(done.files)
    actions = [row["data"]["action"] for row in life.store.rows.values() if row["noun"] == "audit"]
    assert {"organization.exported", "export.downloaded"} <= {*actions}
    life.world.clock.move(days=4)
    assert sweep_exports(life.runtime) == 1
    life.work("export.remove", done.id)
    assert files(life) == {}
    with pytest.raises(Conflict, match="gone"):
        links(life.runtime, ORG, done.id, may_have_all=lambda: True, actor="mem_1")


def test_a_slice_that_is_repeated_changes_nothing(life: Life) -> None:
    done, before = asked(life), files(life)
    WORK["export.asked"](life.runtime, ORG, done.id)
    assert (get(life.store, Export, ORG, done.id), files(life)) == (done, before)


def test_an_erasure_takes_the_persons_copy_along(life: Life) -> None:
    asked(life, life.fritz)
    life.erase(life.fritz)
    assert life.traces("fritz") == []
    with pytest.raises(Conflict, match="nothing is held"):
        asked(life, life.fritz, "exp_2")
