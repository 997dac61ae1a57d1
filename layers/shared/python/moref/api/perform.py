"""Runs one operation: who, may they, what do they ask, once; every failure becomes a problem document."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from moref.api import allowance, idempotency, problems
from moref.api.operation import Call, Operation
from moref.api.problems import Reply, as_json
from moref.api.read import only_whole
from moref.api.scopes import in_scope
from moref.api.tokens import Caller, SignedIn, member, only_fresh, person
from moref.billing.standing import require
from moref.isolation import bound
from moref.kernel.errors import BadInput, Forbidden, Malformed, MorefError, NotFound
from moref.kernel.webhook import Request
from moref.runtime import Runtime
from moref.tenants.model import Organization

MAX_KEY = 255
# What is no JSON is a file: its ending and content type.
_FILES = {
    "text/csv": (".csv", "text/csv; charset=utf-8"),
    "text/html": (".html", "text/html; charset=utf-8"),
    "image/svg+xml": (".svg", "image/svg+xml"),
    "image/png": (".png", "image/png"),
}
_WHILE_CLOSING = frozenset({"closing", "conversions", "payouts", "privacy", "rewards"})
_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


def perform(
    runtime: Runtime, operation: Operation, request: Request, params: Mapping[str, str], request_id: str
) -> Reply:
    """Errors of the tree become problems; anything else is the caller's to log and answer 500."""
    try:
        who = _who(runtime, operation, request.headers.get("authorization", ""))
        left = None if who is None else allowance.take(runtime, who)
    except MorefError as error:
        return problems.problem(error, request_id)
    try:
        reply = _perform(runtime, operation, request, params, who=who, request_id=request_id)
    except MorefError as error:
        reply = problems.problem(error, request_id)
    return reply if left is None else replace(reply, headers=reply.headers | left.headers())


def _perform(
    runtime: Runtime,
    operation: Operation,
    request: Request,
    params: Mapping[str, str],
    *,
    who: Caller | SignedIn | None,
    request_id: str,
) -> Reply:
    if operation.fresh and isinstance(who, SignedIn):
        only_fresh(runtime, who)
    if isinstance(who, Caller):
        runtime = bound(runtime, who.organization_id)
        _allowed(runtime, operation, who)
    if any(not value or len(value) > 128 or not _ID.issuperset(value) for value in params.values()):
        raise NotFound
    asked = _query(operation, request.url.partition("?")[2])
    call = Call(
        runtime=runtime,
        who=who,
        params=params,
        query=asked,
        body=_body(operation, request.body),
        scope=_scope(operation, who, asked),
        idempotency_key=_key(operation, request),
        source=request.source,
    )
    if who is None or call.idempotency_key is None:
        return _answer(operation, call)

    def do() -> Reply:
        try:
            return _answer(operation, call)
        except MorefError as error:
            return problems.problem(error, request_id)

    path = operation.path.format(**params)
    return idempotency.once(
        runtime, who, operation.route, call.idempotency_key,
        asked=path.encode() + b"\n" + request.body, do=do,
    )  # fmt: skip


def _who(runtime: Runtime, operation: Operation, authorization: str) -> Caller | SignedIn | None:
    if operation.access == "anyone":
        return None
    return member(runtime, authorization) if operation.access == "member" else person(runtime, authorization)


def _allowed(runtime: Runtime, operation: Operation, caller: Caller) -> None:
    """Raises Forbidden, PaymentRequired. What signing in again would not help with is said first."""
    if caller.scopes is not None:
        in_scope(operation, caller.scopes)
    if not caller.may(operation.least):
        raise Forbidden(f"this needs the role {operation.least}")
    only_whole(operation, caller)
    if operation.changes:
        _open_for_changes(runtime, operation, caller)
    if operation.paid:
        require(runtime.store, caller.organization_id, runtime.clock.now())
    if operation.fresh:
        only_fresh(runtime, caller)


def _open_for_changes(runtime: Runtime, operation: Operation, caller: Caller) -> None:
    """Raises Forbidden: whoever is suspended or closed goes on reading, and its webhooks go on being stored. While it
    closes it decides on what is owed, and may stay."""
    organization = runtime.store.find(Organization, caller.organization_id, caller.organization_id)
    status = "not there" if organization is None else organization.status
    if status != "active" and not (status == "closing" and operation.tag in _WHILE_CLOSING):
        raise Forbidden(f"your organization is {status}: everything can be read, nothing changed")


def _answer(operation: Operation, call: Call) -> Reply:
    result = operation.does(call)
    if operation.produces in _FILES:
        ending, kind = _FILES[operation.produces]
        name = operation.path.removeprefix("/v1/").replace("/{id}", "").replace("/", "-").removesuffix(ending)
        headers = {"content-disposition": f'attachment; filename="{name}{ending}"'}
        return Reply(operation.status, result, kind, headers)
    return Reply(204, "") if operation.status == 204 else as_json(result, operation.status)


def _query(operation: Operation, raw: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=20, errors="strict")
    except ValueError:
        raise Malformed("the query cannot be read") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in operation.query:
            known = ", ".join(operation.query) or "none"
            raise BadInput(f"this list takes {known}" if operation.query else "no query is taken here", field=name[:64])
        if name in found or not value or len(value) > 4096:
            raise BadInput(f"{name} is given once, with a value", field=name)
        found[name] = value
    return found


def _body(operation: Operation, raw: bytes) -> Any:
    if operation.body is None:
        if raw.strip() not in (b"", b"{}"):
            raise BadInput("no body is taken here", field="body")
        return None
    if not raw.strip() and operation.body_optional:
        raw = b"{}"
    try:
        found = operation.body.model_validate_json(raw)
    except ValidationError as error:
        raise problems.from_pydantic(error) from None
    json.loads(raw, object_pairs_hook=_once)
    return found


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Raises Malformed: of two values under one name, whoever looks at a body before us may have seen the other."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise Malformed("a field stands twice in the body")


def _scope(operation: Operation, who: Caller | SignedIn | None, query: Mapping[str, str]) -> str:
    filters = sorted((name, value) for name, value in query.items() if name not in ("cursor", "limit"))
    return f"{'' if who is None else who.home} {operation.route} {filters}"


def _key(operation: Operation, request: Request) -> str | None:
    if operation.idempotency == "none":
        return None
    key = request.headers.get(idempotency.HEADER, "")
    if not key and operation.idempotency == "optional":
        return None
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable() or not key.isascii():
        raise BadInput(f"this needs an Idempotency-Key of 1 to {MAX_KEY} characters", field="Idempotency-Key")
    return key
