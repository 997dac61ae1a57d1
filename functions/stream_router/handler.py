"""Streams of core and traffic: every event goes to the queues of whoever hears it (events.ROUTES)."""

from typing import Any

from moref.aws.compose import runtime
from moref.aws.router import failures, router, table_names
from moref.kernel.env import StreamRouter


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del context
    composed = runtime(StreamRouter)
    return failures(router(composed).route(event["Records"], table_names(composed)))
