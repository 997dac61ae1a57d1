"""Copies of what is held: of one person everything and of nobody else, of an organization all it owns and no secret."""

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bulk_worker.handler import WORK
from moref.kernel.errors import Conflict, Forbidden
from moref.messaging.model import Message
from moref.privacy import export, export_organization, export_webhooks
from moref.privacy.ask_export import ask_export, links
from moref.privacy.export_webhooks import WITHHELD
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


def webhooks(life: Life) -> list[dict[str, Any]]:
    return [
        row for name, body in sorted(files(life).items()) if name.startswith("webhooks.") for row in json.loads(body)
    ]  # fmt: skip


def test_a_person_gets_the_webhooks_they_stand_in_and_none_that_tells_of_others(life: Life) -> None:
    both = {"From": ANN["phone"], "Body": f"ask {FRITZ['email']}", "To": "+15125550100", "MessageSid": "SM2"}
    life.raw("twilio", urlencode(both).encode(), "sm2", work=False)
    life.raw("crm:generic", b"damaged", "broken", work=False)
    nameless = {"id": "C-9", "first_name": "Fritz", "last_name": "Frindle"}
    life.webhook("J-9", nameless, "booked", referred_by=f"Annabel Quimby {ANN['phone']}")
    done = asked(life, life.ann)
    assert done.status == "ready"
    found = webhooks(life)
    texts = [row["text"] for row in found if row["text"] is not None]
    assert any("77 Canary Lane" in text for text in texts)
    assert sum(row.get("withheld") == WITHHELD for row in found) >= 1
    assert all(row["source"] in ("crm:generic", "twilio") for row in found)
    everything = b"".join(files(life).values()).decode().lower()
    for word in ("fritz", "frindle", FRITZ["phone"], "12 warbler"):
        assert word not in everything, word
    assert done.rows == sum(file.rows for file in done.files)


def test_webhooks_of_a_large_organization_are_looked_through_in_slices(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_webhooks, "PAGE", 1)
    monkeypatch.setattr(export, "AT_ONCE", 2)
    asked(life, life.ann)
    kept = {name: body for name, body in files(life).items() if name.startswith("webhooks.")}
    assert len(kept) > 1
    assert {row["id"] for row in webhooks(life)} == {
        row["id"] for body in kept.values() for row in json.loads(body)
    }  # fmt: skip


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
