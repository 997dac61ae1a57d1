"""Payers: the EIN is checked, and one EIN is one payer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.tenants.ein import NEVER_GIVEN, ein
from tests.unit.api.world import World


@given(st.integers(0, 999_999_999))
def test_an_ein_is_read_in_each_spelling_and_written_in_one(number: int) -> None:
    digits = f"{number:09d}"
    spellings = (digits, f"{digits[:2]}-{digits[2:]}", f" {digits[:2]} {digits[2:]}")
    if digits[:2] in NEVER_GIVEN:
        for text in spellings:
            with pytest.raises(ValueError, match=digits[:2]):
                ein(text)
    else:
        assert {ein(text) for text in spellings} == {f"{digits[:2]}-{digits[2:]}"}


@pytest.mark.parametrize("text", ["", "12-345678", "12-34567890", "1a-3456789", "\u0661\u0662-3456789", "12.3456789"])
def test_what_has_not_nine_digits_is_no_ein(text: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        ein(text)


def test_a_payer_is_added_and_changed_and_a_second_with_its_ein_is_refused(world: World) -> None:
    made = world.call("POST", "/legal-entities", {"name": "Dallas LLC", "ein": "123456789"})
    assert (made.status, made.json()["ein"]) == (201, "12-3456789")
    path = f"/legal-entities/{made.json()['id']}"
    second = world.call("POST", "/legal-entities", {"name": "Dallas Inc", "ein": "12-3456789"})
    assert (second.status, second.json()["field"], second.json()["detail"]) == (422, "ein", "Dallas LLC has this EIN")
    assert world.call("PATCH", path, {"version": 1, "ein": "20-0000001"}).json()["ein"] == "20-0000001"
    assert world.call("POST", "/legal-entities", {"name": "Dallas Inc", "ein": "12-3456789"}).status == 201, (
        "free again"
    )
    assert world.call("PATCH", path, {"version": 2, "ein": "12-3456789"}).status == 422
    assert world.call("PATCH", path, {"version": 1, "name": "Old"}).status == 409
    assert world.call("PATCH", path, {"version": 2, "ein": "07-0000001"}).json()["field"] == "ein"
    actions = [row["action"] for row in world.call("GET", f"/audit?subject={made.json()['id']}").json()["items"]]
    assert sorted(actions) == ["legal_entity.changed", "legal_entity.created"]


def test_another_tenant_may_have_the_same_ein(world: World) -> None:
    """Whose payer it is elsewhere is nobody's business."""
    body = {"name": "Shared LLC", "ein": "12-3456789"}
    assert world.call("POST", "/legal-entities", body).status == 201
    assert world.call("POST", "/legal-entities", body, token=world.token(world.b)).status == 201


def test_a_creation_that_is_repeated_meets_its_first_try(world: World) -> None:
    body = {"name": "Dallas LLC", "ein": "12-3456789"}
    ids = {world.call("POST", "/legal-entities", body, key="once").json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert world.call("POST", "/legal-entities", {"name": "X"}, token=world.token(role="admin")).status == 403
