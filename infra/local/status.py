"""What a person wants to know of a running cloud: processes, addresses, and what ended in a dead letter queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests

from infra.local.cloud import boto_client
from infra.local.layout import Layout
from infra.local.processes import EMULATOR, PROCESSES

SHOWN_LETTERS = 240


def _dead_letter_arns(sqs: Any, urls: list[str], mappings: list[dict[str, Any]]) -> set[str]:
    """Queues that others give up into: by redrive policy, or as an on-failure destination."""
    arns = set()
    for url in urls:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        if "RedrivePolicy" in attributes:
            arns.add(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"])
    for mapping in mappings:
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination:
            arns.add(destination)
    return arns


def dead_letters(layout: Layout) -> Iterator[tuple[str, int, str]]:
    """(queue name, how many, start of the first body) of every dead letter queue that is not empty."""
    sqs, functions = boto_client(layout, "sqs"), boto_client(layout, "lambda")
    urls = sqs.list_queues(MaxResults=1000).get("QueueUrls", [])
    dead = _dead_letter_arns(sqs, urls, functions.list_event_source_mappings()["EventSourceMappings"])
    for url in urls:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"])
        count = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
        if count and attributes["Attributes"]["QueueArn"] in dead:
            yield url.rsplit("/", 1)[-1], count, _first_body(layout, url)


def _first_body(layout: Layout, url: str) -> str:
    """By ministack's own look into a queue, which receives nothing and hides nothing."""
    answer = requests.get(f"{layout.aws_url}/_ministack/sqs/messages", params={"QueueUrl": url}, timeout=10)
    found = _bodies(answer.json())
    return next(found, "")[:SHOWN_LETTERS]


def _bodies(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() == "body" and isinstance(inner, str):
                yield inner
            else:
                yield from _bodies(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _bodies(inner)


def report(layout: Layout) -> list[str]:
    """Lines for a person."""
    lines = []
    for process in PROCESSES:
        pid = process.pid(layout)
        lines.append(f"{process.name:9} {'pid ' + str(pid) if pid else 'not running'}")
    if EMULATOR.pid(layout) is None:
        return lines
    lines.append(f"product   {layout.front_url}")
    lines.append(f"messages  {layout.desk_url}/messages")
    lines.append(f"clock     {requests.get(f'{layout.desk_url}/clock', timeout=10).json()['now']}")
    letters = list(dead_letters(layout))
    lines.append(f"dead letters: {sum(count for _, count, _ in letters) or 'none'}")
    lines.extend(f"  {name}: {count}, first: {body}" for name, count, body in letters)
    return lines
