"""New tables from old ones: as they were at a moment (point-in-time recovery), or from backups taken under a name.

The live tables are never touched: they are the evidence, and the way back. What a restore leaves out (stream, expiry,
point-in-time recovery, deletion protection) is put on again as infra/constructs/tables.py has it.
"""

import time
from datetime import datetime
from typing import Any

from infra.ops.desk import RESTORED_TABLES, Desk, Refused, restored_name
from moref.kernel.names import CORE, LEDGER, TTL_ATTRIBUTE

_LOOK_AGAIN = 5  # seconds; a restore takes minutes to hours
_LONGEST = 24 * 3600


def back_up(desk: Desk, name: str) -> None:
    """An on-demand backup of each table; they are kept until somebody deletes them."""
    for table in RESTORED_TABLES:
        source = live_name(desk, table)
        desk.client("dynamodb").create_backup(TableName=source, BackupName=f"{source}-{name}")
        desk.say(f"backup {source}-{name}")


def restore_tables(desk: Desk, suffix: str, *, at: datetime | None = None, backup: str | None = None) -> str:
    """Returns the ARN of the new stream of core. Raises Refused on a name that is taken or a backup that is missing."""
    for table in RESTORED_TABLES:
        _start(desk, live_name(desk, table), restored_name(desk.stage, table, suffix), at, backup)
    for table in RESTORED_TABLES:
        name = restored_name(desk.stage, table, suffix)
        _until_active(desk, name)
        _complete(desk, table, name)
        desk.say(f"restored {name}")
    return stream_arn(desk, restored_name(desk.stage, CORE, suffix))


def live_name(desk: Desk, table: str) -> str:
    """The table that the running product uses now; after an earlier restore it has a suffix."""
    return str(getattr(desk.runtime.settings, f"{table}_table"))


def stream_arn(desk: Desk, table: str) -> str:
    return str(desk.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"])


def _start(desk: Desk, source: str, target: str, at: datetime | None, backup: str | None) -> None:
    dynamodb = desk.client("dynamodb")
    try:
        if at is not None:
            dynamodb.restore_table_to_point_in_time(
                SourceTableName=source,
                TargetTableName=target,
                RestoreDateTime=at,
                BillingModeOverride="PAY_PER_REQUEST",
            )
        else:
            dynamodb.restore_table_from_backup(
                BackupArn=_backup_arn(desk, source, f"{source}-{backup}"),
                TargetTableName=target,
                BillingModeOverride="PAY_PER_REQUEST",
            )
    except dynamodb.exceptions.TableAlreadyExistsException:
        raise Refused(f"{target} exists already: choose another suffix") from None
    except (
        dynamodb.exceptions.InvalidRestoreTimeException,
        dynamodb.exceptions.PointInTimeRecoveryUnavailableException,
    ) as error:
        raise Refused(f"{source} cannot be restored to that time: {error}") from None


def _backup_arn(desk: Desk, table: str, name: str) -> str:
    pages = desk.client("dynamodb").get_paginator("list_backups").paginate(TableName=table)
    found = [each for page in pages for each in page["BackupSummaries"] if each["BackupName"] == name]
    if not found:
        raise Refused(f"there is no backup {name}")
    return str(max(found, key=lambda each: each["BackupCreationDateTime"])["BackupArn"])


def _until_active(desk: Desk, name: str) -> None:
    deadline = time.monotonic() + _LONGEST
    while True:
        table: dict[str, Any] = desk.client("dynamodb").describe_table(TableName=name)["Table"]
        states = [table["TableStatus"], *(index["IndexStatus"] for index in table.get("GlobalSecondaryIndexes", []))]
        if all(state == "ACTIVE" for state in states):
            return
        if time.monotonic() > deadline:
            raise Refused(f"{name} is still {', '.join(sorted(set(states)))} after a day")
        desk.say(f"{name}: {table['TableStatus']}")
        time.sleep(_LOOK_AGAIN)


def _complete(desk: Desk, table: str, name: str) -> None:
    dynamodb = desk.client("dynamodb")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.update_table(TableName=name, StreamSpecification=stream)
    _until_active(desk, name)
    if table != LEDGER:  # nothing in the ledger ever expires
        expiry = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    if desk.stage != "local":
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
