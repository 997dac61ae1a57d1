"""The OpenAPI 3.1 document, made of the table of operations. Built beforehand, never in the function."""

from collections.abc import Mapping
from typing import Any

from moref.api.examples import Example, examples
from moref.api.operation import Operation, Schema
from moref.api.permissions import table
from moref.api.problems import TITLES
from moref.api.routes import OPERATIONS

_REF = "#/components/schemas/"
_PROBLEM: Schema = {
    "title": "Problem",
    "description": "RFC 9457 problem details",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "field": {"type": "string", "description": "the first field at fault"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
}
_ABOUT = """\
Every answer is JSON; every error is an RFC 9457 problem document with a request id.

* **Who you are**: `Authorization: Bearer <token>`. A token comes from `POST /v1/sign-in/code` and
  `POST /v1/sign-in/verify`, and is renewed at `POST /v1/sign-in/refresh`; a program has an API key instead. The
  organization is the token's; another organization's id is answered exactly as an unknown one, with 404.
* **What you may** stands in the table of permissions, at the end. A sensitive act needs a sign-in of the last 15
  minutes; without one the answer is 403 with the code `sign_in_again`: sign in again, then repeat it.
* **Money** is an integer of minor units with its currency: 2500 USD is 25 dollars.
* **Lists** hold up to `limit` (at most 100) rows, newest first, with `next_cursor` until the end. A list takes one
  filter, and a time range: `created_since` / `created_until`, or with `status` `updated_since` / `updated_until`.
* **Changes** carry the `version` you read; when it is no longer current the answer is 409.
* **Limits**: an organization may make 3,000 calls a minute, each caller a fifth of them. Every answer says in
  `RateLimit` what is left and in how many seconds it begins anew; a 429 says in `Retry-After` when to come again.
* **Versions**: this is version 1. Fields, filters, enum values and operations are added to it without notice: ignore
  what you do not know. What would break you becomes `/v2`; before an operation goes, its answers carry `Deprecation`
  and `Sunset` for at least twelve months.
* **Idempotency-Key** is needed where money moves: the same key and body get the same answer for 48 hours, another
  body is refused with 422, and a call still under way with 409.
"""


class _Components:
    """Named schemas, each once. Raises ValueError when two different ones claim a name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def lift(self, schema: Any) -> Any:
        """The schema with definitions moved here and titled objects of the table replaced by references."""
        if isinstance(schema, list):
            return [self.lift(part) for part in schema]
        if not isinstance(schema, dict):
            return schema
        for name, part in schema.get("$defs", {}).items():
            self._keep(name, self._inner(part))
        lifted = self._inner(schema)
        if "title" in schema and "properties" in schema:
            self._keep(schema["title"], lifted)
            return {"$ref": _REF + schema["title"]}
        return lifted

    def _inner(self, schema: dict[str, Any]) -> dict[str, Any]:
        inner = {name: self.lift(part) for name, part in schema.items() if name != "$defs"}
        if isinstance(inner.get("$ref"), str):
            inner["$ref"] = inner["$ref"].replace("#/$defs/", _REF)
        return inner

    def _keep(self, name: str, schema: Any) -> None:
        if self.schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are called {name}")


def document() -> dict[str, Any]:
    """JSON types only, in the table's order."""
    components = _Components()
    components.lift(_PROBLEM)
    paths: dict[str, dict[str, Any]] = {}
    shown = examples()
    for operation in OPERATIONS:
        described = _operation(operation, components)
        _exemplify(described, operation, shown)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mo-ref", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "x-permissions": table(),
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {str(status): _problem(status) for status in TITLES},
            "schemas": dict(sorted(components.schemas.items())),
        },
    }


def _operation(operation: Operation, components: _Components) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _name(operation),
        "tags": [operation.tag],
        "summary": operation.words,
        "description": _who(operation),
        "x-access": operation.access,
        **({"x-least-role": operation.least} if operation.access == "member" else {}),
        "x-fresh-sign-in": operation.fresh,
        **({"security": []} if operation.access == "anyone" else {}),
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): _answer(operation, components),
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in _errors(operation)},
        },
    }
    if operation.body is not None:
        body = components.lift(operation.body.model_json_schema())
        content = {"application/json": {"schema": body}}
        found["requestBody"] = {"required": not operation.body_optional, "content": content}
    return found


def _answer(operation: Operation, components: _Components) -> dict[str, Any]:
    if operation.status == 204:
        return {"description": "done; there is no body"}
    return {
        "description": "as asked",
        "content": {operation.produces: {"schema": components.lift(operation.answer())}},
    }


def _exemplify(described: dict[str, Any], operation: Operation, shown: Mapping[str, Example]) -> None:
    """An operation without a body or an answer has nothing to show of it."""
    example = shown.get(operation.route)
    if example is None:
        return
    if operation.body is not None:
        described["requestBody"]["content"]["application/json"]["example"] = example.body
    for content in described["responses"][str(operation.status)].get("content", {}).values():
        content["example"] = example.answer


def _who(operation: Operation) -> str:
    words = {
        "member": f"Needs the role {operation.least}{' or above' if operation.least != 'owner' else ''}.",
        "person": "For whoever has signed in, with an organization or without.",
        "anyone": "Needs no token.",
    }[operation.access]
    return f"{words} Needs a sign-in of the last 15 minutes." if operation.fresh else words


def _name(operation: Operation) -> str:
    verb = {"GET": "get", "POST": "post", "PUT": "put", "PATCH": "change", "DELETE": "delete"}[operation.method]
    if operation.method == "GET" and "cursor" in operation.query:
        verb = "list"
    parts = operation.path.replace("{id}", "one").split("/")[2:]
    return "_".join([verb, *parts]).replace("-", "_")


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if operation.idempotency != "none":
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        required = operation.idempotency == "required"
        found.append({"name": "Idempotency-Key", "in": "header", "required": required, "schema": schema})
    found += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()]
    return found


def _errors(operation: Operation) -> list[int]:
    statuses = {400, 401, 422, 429, 500, 503}
    if operation.access != "anyone":
        statuses.add(403)
    if operation.paid:
        statuses.add(402)
    asked = [*operation.query, *(operation.body.model_fields if operation.body is not None else ())]
    if "{id}" in operation.path or operation.changes or any(name.endswith(("_id", "token")) for name in asked):
        statuses.add(404)
    if operation.changes:
        statuses.add(409)
    if operation.body is not None:
        statuses.add(413)
    return sorted(statuses)


def _problem(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF + "Problem"}}}
    return {"description": TITLES[status], "content": content}
