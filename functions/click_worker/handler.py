"""Queue clicks, in batches: all clicks of a link in a batch are one change of the link, so a viral link stays cool."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from moref.aws.compose import runtime
from moref.aws.log import failure, logger
from moref.aws.worker import read
from moref.kernel.env import ClickWorker
from moref.kernel.errors import Malformed
from moref.referrals.record_clicks import record_clicks

Link = tuple[str, str]  # organization, code


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    groups: dict[Link, dict[str, datetime]] = defaultdict(dict)  # click id -> when: a copy inside the batch counts once
    messages: dict[Link, list[str]] = defaultdict(list)
    failed: list[str] = []
    for record in event["Records"]:
        try:
            message = read(record["body"])
            link = message["organization_id"], message["data"]["code"]
            groups[link][message["id"]] = datetime.fromisoformat(message["data"]["at"])
        except (Malformed, KeyError, ValueError) as error:
            logger().error("not a click", extra={"message_id": record["messageId"]} | failure(error))
            failed.append(record["messageId"])
            continue
        messages[link].append(record["messageId"])
    for link, clicks in groups.items():
        if not _count(link, list(clicks.values())):
            failed += messages[link]
    logger().info("clicks", extra={"messages": len(event["Records"]), "links": len(groups), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


def _count(link: Link, clicks: list[datetime]) -> bool:
    try:
        record_clicks(runtime(ClickWorker), *link, clicks)
    except Exception as error:  # noqa: BLE001  one link must not take the batch's others down with it
        logger().error("clicks not counted", extra={"organization": link[0], "clicks": len(clicks)} | failure(error))
        return False
    return True
