"""The small things that everything relies on: ids, instants, settings contracts, plugins, errors."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.kernel import errors, ids, keys, plugins
from moref.kernel.clock import iso, iso_now
from moref.kernel.env import CONTRACTS, MissingSetting, Redirect
from moref.kernel.errors import Malformed, MorefError, NotFound, TooLarge
from moref.kernel.webhook import MAX_BODY, from_event

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(instants, instants)
def test_written_instants_sort_as_time_does(first: datetime, second: datetime) -> None:
    assert (iso(first) < iso(second)) == (first < second)
    assert datetime.fromisoformat(iso(first)) == first


def test_a_naive_instant_is_refused_and_another_zone_is_brought_to_utc() -> None:
    with pytest.raises(ValueError, match="naive"):
        iso(datetime(2026, 1, 1))
    assert iso(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T22:00:00.000000Z"


def test_the_doors_text_of_now_has_the_same_form() -> None:
    assert len(iso_now()) == len(iso(datetime.now(UTC)))
    assert abs(datetime.fromisoformat(iso_now()) - datetime.now(UTC)) < timedelta(seconds=5)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_derived_ids_are_equal_exactly_when_their_causes_are(first: list[str], second: list[str]) -> None:
    assert (ids.derived("x", *first) == ids.derived("x", *second)) == (first == second)


def test_new_ids_and_tokens_do_not_repeat() -> None:
    assert len({ids.new("evt") for _ in range(5000)}) == 5000
    assert len({ids.token() for _ in range(5000)}) == 5000


def test_a_contract_names_the_setting_that_is_missing() -> None:
    with pytest.raises(MissingSetting, match="BASE_URL"):
        Redirect.from_env({"STAGE": "local", "CORE_TABLE": "c", "TRAFFIC_TABLE": "t"})
    with pytest.raises(MissingSetting, match="base_url"):
        Redirect.to_env({"stage": "local", "core_table": "c", "traffic_table": "t"})


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_what_infrastructure_writes_the_function_reads(name: str) -> None:
    contract = CONTRACTS[name]
    values = {field: f"value of {field}" for field in contract.fields()}
    settings = contract.from_env(contract.to_env(values | {"else": "ignored"}))
    assert {field: getattr(settings, field) for field in contract.fields()} == values


@pytest.mark.parametrize("name", ["", "_private", "base", "../os", "os.path", "nothing_here", "Generic"])
def test_a_plugin_name_reaches_only_files_of_its_folder(name: str) -> None:
    with pytest.raises(NotFound):
        plugins.load("moref.kernel", name)


def test_an_index_serves_one_filter() -> None:
    assert keys.index_for("org", "job", None, None, None) == ("by_noun", "org#job")
    assert keys.index_for("org", "job", "new", None, None) == ("by_status", "org#job#new")
    assert keys.index_for("org", "job", None, None, None, waiting="hold") == ("by_waiting", "org#job#hold")
    assert keys.index_for("org", "job", None, "loc", None, waiting="hold") == ("by_waiting_place", "org#job#hold#loc")
    with pytest.raises(ValueError, match="one of"):
        keys.index_for("org", "job", "new", "loc", None)
    with pytest.raises(ValueError, match="one of"):
        keys.index_for("org", "job", "new", None, None, waiting="hold")


def http_event(body: str, *, encoded: bool = False) -> dict[str, object]:
    return {
        "requestContext": {"http": {"method": "POST"}},
        "rawPath": "/hooks/x/y",
        "rawQueryString": "a=1",
        "headers": {"X-Sig": "s"},
        "body": body,
        "isBase64Encoded": encoded,
    }


def test_a_webhook_keeps_its_bytes_url_and_headers() -> None:
    request = from_event(http_event("aGk=", encoded=True), "https://go.example.test")
    assert (request.body, request.url, request.headers) == (
        b"hi",
        "https://go.example.test/hooks/x/y?a=1",
        {"x-sig": "s"},
    )


def test_a_body_of_256_kib_is_taken_and_one_byte_more_is_not() -> None:
    assert len(from_event(http_event("x" * MAX_BODY)).body) == MAX_BODY
    with pytest.raises(TooLarge):
        from_event(http_event("x" * (MAX_BODY + 1)))
    with pytest.raises(TooLarge):
        from_event(http_event("é" * (MAX_BODY // 2 + 1)))
    with pytest.raises(Malformed):
        from_event(http_event("%%%", encoded=True))


def test_every_error_of_the_tree_has_its_own_code_and_a_sensible_status() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, MorefError)]
    assert len(found) > 10
    assert len({error.code for error in found}) == len(found)
    assert all(400 <= error.status <= 599 for error in found)
