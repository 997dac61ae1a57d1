"""Registers the API's table with Powertools' resolver; everything that matters happens in `moref.api.perform`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from moref.api import problems
from moref.api.operation import Operation
from moref.api.perform import perform
from moref.api.problems import Reply
from moref.api.routes import OPERATIONS, methods_at
from moref.aws.log import failure, logger
from moref.kernel import webhook
from moref.kernel.errors import MorefError
from moref.runtime import Runtime

Composed = Callable[[], Runtime]
_STATIC = {"/v1/openapi.json": "application/json", "/v1/docs": "text/html; charset=utf-8"}
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


def build(composed: Composed) -> APIGatewayHttpResolver:
    """The resolver over every operation; `composed` gives the runtime at the first call that needs it."""
    app = APIGatewayHttpResolver()
    for operation in OPERATIONS:
        rule = operation.path.replace(".", "[.]").replace("{id}", "<id>")  # Powertools makes a pattern of it
        app.route(rule, method=operation.method)(_serve(app, composed, operation))
    for path, content_type in _STATIC.items():
        app.route(path, method="GET")(_static(app, path, content_type))

    @app.not_found
    def _unknown(_: Exception) -> Response[Any]:
        return _shape(app, _no_such_route(app))

    return app


def _serve(app: APIGatewayHttpResolver, composed: Composed, operation: Operation) -> Callable[..., Response[Any]]:
    def run(**params: str) -> Response[Any]:
        begun, id = time.perf_counter(), _request_id(app)
        said: dict[str, Any] = {"route": operation.route}
        try:
            request = webhook.from_event(app.current_event.raw_event)
            reply = perform(composed(), operation, request, params, id)
        except MorefError as error:  # of the body's size or encoding
            reply = problems.problem(error, id)
        except Exception as error:  # noqa: BLE001  the last place before the caller: they get a problem, we get the log
            logger().error("failed", extra=said | failure(error))
            reply = problems.problem(MorefError(), id)
        ms = round((time.perf_counter() - begun) * 1000)
        logger().info("answered", extra=said | {"status": reply.status, "ms": ms})
        return _shape(app, reply)

    return run


def _static(app: APIGatewayHttpResolver, path: str, content_type: str) -> Callable[[], Response[Any]]:
    def run() -> Response[Any]:
        file = Path(__file__).with_name(path.rpartition("/")[2].replace("docs", "docs.html"))
        return _shape(app, Reply(200, file.read_text(encoding="utf-8"), content_type))

    return run


def _no_such_route(app: APIGatewayHttpResolver) -> Reply:
    path, id = app.current_event.path, _request_id(app)
    allowed = ["GET"] if path in _STATIC else methods_at(path)
    if not allowed or app.current_event.http_method in allowed:  # the rest: an id that cannot be one
        return problems.write(404, "not_found", "nothing here under this address", id)
    words = f"this address takes {', '.join(allowed)}"
    return problems.write(405, "method_not_allowed", words, id, headers={"allow": ", ".join(allowed)})


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(app.current_event.request_context.request_id)


def _shape(app: APIGatewayHttpResolver, reply: Reply) -> Response[Any]:
    headers = _HEADERS | reply.headers | {"x-request-id": _request_id(app)}
    return Response(reply.status, reply.content_type, reply.body, headers=dict(headers))
