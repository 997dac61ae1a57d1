"""After a restore the product uses other tables; the data stack's own stay where they are."""

import pytest

from infra.stages import RESTORED_TABLES, read_stage
from moref.kernel.names import CORE, LEDGER, TABLES, TRAFFIC

STREAM = "arn:aws:dynamodb:us-east-1:1:table/moref-prod-core-r1/stream/2026-11-22T00:00:00.000"


def test_state_and_money_move_to_the_restored_tables_and_raw_webhooks_stay() -> None:
    stage = read_stage("prod", {"restored": "r1", "restored_stream": STREAM}, {})
    assert {table: stage.table_name(table) for table in TABLES} == {
        CORE: "moref-prod-core-r1",
        TRAFFIC: "moref-prod-traffic",
        LEDGER: "moref-prod-ledger-r1",
    }
    assert stage.table_arn(CORE).endswith(":table/moref-prod-core-r1")
    assert stage.restored_stream == STREAM


def test_the_desk_and_the_stacks_mean_the_same_tables() -> None:
    from infra.ops import desk

    assert desk.RESTORED_TABLES == RESTORED_TABLES
    stage = read_stage("prod", {"restored": "r1", "restored_stream": STREAM}, {})
    for table in RESTORED_TABLES:
        assert desk.restored_name("prod", table, "r1") == stage.table_name(table)


@pytest.mark.parametrize("given", [{"restored": "r1"}, {"restored_stream": STREAM}])
def test_one_of_the_two_settings_alone_is_refused(given: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match="go together"):
        read_stage("prod", given, {})
