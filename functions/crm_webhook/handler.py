"""POST /hooks/crm/{crm}/{token}: a CRM's webhook is verified, stored once, and answered 202. Work happens later."""

import time
from functools import cache

from moref.aws.light import Light
from moref.intake.hook_door import HookDoor, Sender
from moref.kernel import emf
from moref.kernel.env import CrmWebhook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@cache
def door() -> HookDoor:
    settings = CrmWebhook.from_env()
    return HookDoor(Light(), settings.core_table, settings.traffic_table, time.time)


def handler(event: "dict[str, Any]", context: object) -> "dict[str, Any]":
    path = event["pathParameters"]
    crm = path["crm"]
    answer, told = door().receive(event, Sender(crm, "moref.intake.crm", f"crm:{crm}", "webhook"), path["token"])
    emf.write({f"crm_webhook_{told['outcome']}": 1}, told)
    return answer
