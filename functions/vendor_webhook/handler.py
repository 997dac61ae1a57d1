"""POST /hooks/{vendor}/{token}: what reward providers and message carriers tell us, stored before anything else."""

import time
from functools import cache
from typing import Any

from moref.aws.light import Light
from moref.intake.hook_door import HookDoor, Sender
from moref.kernel import emf
from moref.kernel.env import VendorWebhook

# Which folder holds a vendor's plugin; a vendor that is not listed has no door.
VENDORS = {"tremendous": "moref.rewards.providers", "twilio": "moref.messaging.channels"}


@cache
def door() -> HookDoor:
    settings = VendorWebhook.from_env()
    return HookDoor(Light(), settings.core_table, settings.traffic_table, time.time, settings.base_url)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    vendor, token = event["pathParameters"]["vendor"], event["pathParameters"]["token"]
    if vendor not in VENDORS:
        return {"statusCode": 404, "headers": {"content-type": "application/problem+json"}, "body": '{"status": 404}'}
    answer, told = door().receive(event, Sender(vendor, VENDORS[vendor], vendor, f"vendor:{vendor}"), token)
    emf.write({f"vendor_webhook_{told['outcome']}": 1}, told)
    return answer
