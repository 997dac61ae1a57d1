"""POST /hooks/{vendor}/{token}: what reward providers and message carriers tell us, stored before anything else."""

import time
from functools import cache
from typing import Any

from moref.aws.light import Light
from moref.intake.hook_door import HookDoor, Sender
from moref.kernel import emf
from moref.kernel.env import VendorWebhook
from vendor_webhook.senders import senders


@cache
def settings() -> VendorWebhook:
    return VendorWebhook.from_env()


@cache
def door() -> HookDoor:
    found = settings()
    return HookDoor(Light(), found.core_table, found.traffic_table, time.time, found.base_url)


@cache
def sender(vendor: str) -> Sender | None:
    return senders(settings()).get(vendor)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    vendor, token = event["pathParameters"]["vendor"], event["pathParameters"]["token"]
    who = sender(vendor)
    if who is None:
        return {"statusCode": 404, "headers": {"content-type": "application/problem+json"}, "body": '{"status": 404}'}
    answer, told = door().receive(event, who, token)
    emf.write({f"vendor_webhook_{told['outcome']}": 1}, told)
    return answer
