"""GET and HEAD /r/{code}: to the location's site, or to the quote page, with the click stored first."""

import time
from functools import cache

from moref.aws.light import Light
from moref.kernel import emf
from moref.kernel.env import Redirect
from redirect.visit import RedirectDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@cache
def door() -> RedirectDoor:
    return RedirectDoor(Light(), Redirect.from_env(), time.time)


def handler(event: "dict[str, Any]", context: object) -> "dict[str, Any]":
    method = event["requestContext"]["http"]["method"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    answer, outcome, organization = door().visit(method, event["pathParameters"]["code"], headers)
    emf.write({f"click_{outcome}": 1}, {"organization": organization, "status": answer["statusCode"]})
    return answer
