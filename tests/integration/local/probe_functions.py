"""Functions of the probe stack, run inside the embedded AWS. They note what they see in the table `probe-notes`."""

import json
import os
import sys
import time
import uuid
from typing import Any

import boto3

dynamodb = boto3.client("dynamodb")


def note(kind: str, **seen: Any) -> None:
    sys.stderr.write(f"noted {kind}\n")
    text = json.dumps({"kind": kind, "at": time.time(), **seen})
    dynamodb.put_item(TableName="probe-notes", Item={"pk": {"S": uuid.uuid4().hex}, "note": {"S": text}})


def echo(event: Any, context: Any) -> dict[str, Any]:
    """Tells the caller what arrived."""
    if event["rawPath"].endswith("/redirect"):
        return {"statusCode": 302, "headers": {"location": "https://example.com/?ref=A&b=1"}, "body": ""}
    if event["rawPath"].endswith("/binary"):
        return {"statusCode": 200, "isBase64Encoded": True, "body": "AP8QgA==", "headers": {"content-type": "image/x"}}
    if event["rawPath"].endswith("/crash"):
        raise RuntimeError("crashed on purpose")
    seen = {key: event.get(key) for key in ("rawPath", "rawQueryString", "headers", "body", "isBase64Encoded")}
    seen["method"] = event["requestContext"]["http"]["method"]
    return {"statusCode": 200, "body": json.dumps({**seen, "now": time.time(), "version": os.environ["VERSION"]})}


def slow(event: Any, context: Any) -> str:
    time.sleep(event["seconds"])
    return "done"


def silent(event: Any, context: Any) -> dict[str, Any]:
    return {"statusCode": 204}


def stream(event: Any, context: Any) -> dict[str, Any]:
    """Records ask for what happens: {"do": raise | partial | fine}."""
    items = [
        (record["dynamodb"]["SequenceNumber"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in event["Records"]
    ]
    note("batch", keys=[key for _, key in items])
    if any(key.startswith("raise") for _, key in items):
        raise ValueError("poison")
    bad = [number for number, key in items if key.startswith("partial")]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}


def work(event: Any, context: Any) -> None:
    """A queue message may ask for a further schedule, in so many seconds from now."""
    for record in event["Records"]:
        message = json.loads(record["body"])
        note("work", message=message)
        if message.get("do") == "raise":
            raise ValueError("poison")
        if "again_in" in message:
            due = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + message["again_in"]))
            boto3.client("scheduler").create_schedule(
                Name=uuid.uuid4().hex,
                ScheduleExpression=f"at({due})",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": os.environ["QUEUE_ARN"],
                    "RoleArn": "arn:aws:iam::000000000000:role/probe",
                    "Input": json.dumps({"name": message["name"] + "'"}),
                },
            )


def tick(event: Any, context: Any) -> None:
    note("tick")
