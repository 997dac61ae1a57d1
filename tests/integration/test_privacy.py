"""A whole run leaves nobody's name, phone, mailbox or words in a log, an event, a queue or a schedule; and whoever is
erased afterwards stands in no table and no file, and does not come back by the same webhook."""

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud import Cloud, boto_client
from infra.local.demo.driver import Driver, link_in
from tests.integration.flows import approve, job, payout_of, quoted, to_a_weekday_morning

pytestmark = pytest.mark.cloud
ADVOCATE, FRIEND = "+15125557101", "+15125557102"
CUSTOMER = {"id": "C-7101", "first_name": "Ottilie", "last_name": "Quarkenbush", "email": "ottilie@quark.example"}
HERS = ("ottilie", "quarkenbush", "5125557101", "quark.example", "canary lane", "canary-words")
THEIRS = (*HERS, "zebulon", "5125557102")


def notice(driver: Driver, kinds: list[str], job_id: str, customer: dict[str, Any], phone: str) -> dict[str, Any]:
    made = job("x", kinds, driver.now(), phone=phone, job_id=job_id)
    made["customer"] |= customer
    if customer is CUSTOMER:
        made["job"]["origin"] = {**made["job"]["origin"], "street": "77 Canary Lane"}
    return made


def lived(driver: Driver) -> dict[str, Any]:
    """A referral from the finished job to the delivered gift card, with a comment and a reply; its conversion."""
    to_a_weekday_morning(driver)
    driver.webhook(notice(driver, ["booked", "completed"], "J-7101", CUSTOMER, ADVOCATE))
    driver.move(2 * 3600 + 120)
    review = link_in(driver.message(ADVOCATE, "/review/")["body"], "/review/")
    driver.submit(review, score="5", comment="canary-words: lovely crew")
    driver.move(1800)
    link = link_in(driver.message(ADVOCATE, "/r/")["body"], "/r/")
    quoted(driver, link, "Zebulon", FRIEND)
    driver.reply_by_sms(ADVOCATE, "canary-words: thank you, what about my lamp?")
    driver.move(3600)
    friend = {"id": "C-7102", "first_name": "Zebulon"}
    driver.webhook(notice(driver, ["booked", "completed", "invoiced"], "J-7102", friend, FRIEND))
    advocate = contact(driver)
    conversion = driver.wait_for("a conversion", lambda: conversion_of(driver, advocate))
    approve(driver, conversion["id"], "privacy")

    def delivered() -> bool:
        payout = payout_of(driver, conversion)
        return payout is not None and payout["status"] == "delivered"

    driver.wait_for("a delivered payout", delivered)
    driver.move(60)
    return conversion


def contact(driver: Driver) -> str:
    answer = driver.api("POST", "/people/search", json={"q": ADVOCATE})
    return str(answer.json()["items"][0]["contact_id"])


def conversion_of(driver: Driver, contact_id: str) -> dict[str, Any] | None:
    advocates = [one["id"] for one in driver.items("/advocates") if one["contact_id"] == contact_id]
    return next((one for one in driver.items("/conversions") if one["advocate_id"] in advocates), None)


def rows(cloud: Cloud, *tables: str) -> Iterator[tuple[str, str]]:
    """(key, text) of every row; packed webhooks as they came."""
    client = boto_client(cloud.layout, "dynamodb")
    for table in tables:
        for page in client.get_paginator("scan").paginate(TableName=f"moref-local-{table}"):
            for item in page["Items"]:
                text = json.dumps(item, default=str)
                body = item.get("data", {}).get("M", {}).get("body", {}).get("S", "")
                if item.get("noun", {}).get("S") == "inbox" and body:
                    text += zlib.decompress(b64decode(body)).decode("utf-8", "replace")
                yield f"{table} {item['pk']['S']}", text


def on_the_way(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What waits in queues and schedules, dead letters included."""
    queues, schedules = boto_client(cloud.layout, "sqs"), boto_client(cloud.layout, "scheduler")
    for url in queues.list_queues()["QueueUrls"]:
        found = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        yield from ((url, message["Body"]) for message in found.get("Messages", []))
    for page in schedules.get_paginator("list_schedules").paginate():
        for one in page["Schedules"]:
            whole = schedules.get_schedule(Name=one["Name"], GroupName=one["GroupName"])
            yield one["Name"], json.dumps(whole["Target"], default=str)


def logged(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What the functions wrote, and the address of every request in front of them."""
    for file in (*cloud.layout.logs.glob("moref-local-*.log"), *cloud.layout.logs.glob("front.log")):
        yield from ((file.name, line) for line in file.read_text().splitlines())


def found(texts: Iterator[tuple[str, str]], words: tuple[str, ...]) -> list[str]:
    return [f"{word} in {place}" for place, text in texts for word in words if word in text.lower()]


def test_nobody_is_in_logs_events_and_queues_and_an_erased_person_is_nowhere(cloud: Cloud) -> None:
    driver = Driver(cloud.outputs)
    lived(driver)
    assert sum(1 for _ in logged(cloud)) > 20, "the functions log"
    assert found(logged(cloud), THEIRS) == []
    events = ((key, text) for key, text in rows(cloud, "core") if "#event#" in key)
    assert found(events, THEIRS) == []
    assert found(on_the_way(cloud), THEIRS) == []

    assert found(rows(cloud, "core", "traffic"), HERS)
    advocate = contact(driver)
    asked = driver.api("POST", f"/contacts/{advocate}/erase", key="erase-7101", json={"reason": "they wrote to us"})
    assert asked.status_code == 202, asked.text
    erasure = asked.json()["id"]
    driver.wait_for("a first look", lambda: driver.api("GET", f"/erasures/{erasure}").json()["status"] != "running")
    driver.move(240)
    driver.wait_for("an erasure", lambda: driver.api("GET", f"/erasures/{erasure}").json()["status"] == "done")
    assert found(rows(cloud, "core", "traffic", "ledger"), HERS) == []

    again = notice(driver, ["paid"], "J-7101", CUSTOMER, ADVOCATE)
    again["facts"][0]["at"] = (driver.now() - timedelta(minutes=1)).isoformat()
    driver.webhook(again)
    paid = driver.wait_for("the fact", lambda: [one for one in driver.items("/jobs") if one["external_id"] == "J-7101"
                                               and one["state"] == "paid"])  # fmt: skip
    assert paid[0]["contact_id"] == advocate
    cloud.clock.drain()
    assert found(rows(cloud, "core", "traffic", "ledger"), HERS) == []
