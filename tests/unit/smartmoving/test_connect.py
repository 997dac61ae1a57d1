"""Connecting SmartMoving: nothing secret stands in a row, and the door knows the secret by its digest alone."""

import json

import pytest

from moref.intake.hook_door import Sender
from moref.kernel.errors import NotFound
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.tenants.connect_crm import Connected, connect_crm
from moref.tenants.crm_forms import SmartMovingAccount
from moref.tenants.model import Hook
from moref.tenants.rotate_secret import rotate_secret
from tests.unit.doors.world import door, inbox, post
from tests.unit.smartmoving.world import ORG, World

SENDER = Sender("smartmoving", "moref.intake.crm", "crm:smartmoving", "webhook")
BODY = json.dumps({"event-type": "job-reset", "job-id": "8a1d0b52-6c1f-4d59-8f43-2b7b5a9c2e11"}).encode()


def connected(w: World, **over: str) -> Connected:
    values = {
        "request_id": "main",
        "name": "SmartMoving",
        "default_location_id": "loc_main",
        "api_key": "key-of-theirs",
    }
    return connect_crm(w.runtime, ORG, SmartMovingAccount.model_validate(values | over), actor="mem_1")


def hook_of(w: World, made: Connected) -> Hook:
    return get(w.store, Hook, GLOBAL, made.connection.hook_token)


def status(w: World, made: Connected, headers: dict[str, str]) -> int:
    here, light = door(None, hook_of(w, made))
    answer, _ = here.receive(post(BODY, headers), SENDER, made.connection.hook_token)
    assert len(inbox(light)) == (answer["statusCode"] == 202)
    assert "decrypt" not in light.calls
    return int(answer["statusCode"])


def test_no_secret_stands_in_any_row() -> None:
    w = World()
    made = connected(w)
    rows = json.dumps(list(w.store.rows.values()), default=str)
    assert made.secret not in rows
    assert "key-of-theirs" not in rows


@pytest.mark.parametrize("headers", [{}, {"x-moref-secret": ""}, {"x-moref-secret": "guess"}])
def test_a_wrong_or_missing_secret_is_401_and_not_stored(headers: dict[str, str]) -> None:
    w = World()
    assert status(w, connected(w), headers) == 401


def test_the_digest_itself_opens_nothing() -> None:
    w = World()
    made = connected(w)
    (digest,) = hook_of(w, made).secret_ciphertexts
    for word in (digest, digest.removeprefix("sha256:")):
        assert status(w, made, {"x-moref-secret": word}) == 401


def test_the_right_secret_is_202_without_a_call_to_kms() -> None:
    w = World()
    made = connected(w)
    assert (made.header, status(w, made, {"x-moref-secret": made.secret})) == ("X-Moref-Secret", 202)


def test_connecting_again_keeps_the_address_and_changes_the_secret() -> None:
    w = World()
    first, second = connected(w), connected(w, name="Renamed")
    assert second.connection.hook_token == first.connection.hook_token
    assert status(w, second, {"x-moref-secret": first.secret}) == 401
    assert status(w, second, {"x-moref-secret": second.secret}) == 202


def test_in_a_rotation_both_secrets_hold() -> None:
    w = World()
    made = connected(w)
    fresh = rotate_secret(w.runtime, ORG, made.connection.id, actor="mem_1")
    for secret in (made.secret, fresh):
        assert status(w, made, {"x-moref-secret": secret}) == 202
    assert fresh not in json.dumps(list(w.store.rows.values()), default=str)


def test_a_location_of_somebody_else_is_not_found() -> None:
    with pytest.raises(NotFound):
        connected(World(), default_location_id="loc_other")
