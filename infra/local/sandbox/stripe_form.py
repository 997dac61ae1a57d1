"""Stripe's forms: bracketed names (`items[0][price]=...`) as nested values, checked against its description.

openapi-core reads no such names, so the request's schema is asked directly; words become numbers where it wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from infra.local.sandbox.web import Request

Json = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"


def decode(text: str) -> Json:
    """`a[b][0]=1` -> {"a": {"b": ["1"]}}; leaves stay text."""
    return nested(parse_qsl(text, keep_blank_values=True))


def nested(pairs: Iterable[tuple[str, str]]) -> Json:
    """The same of names and values that were taken apart already."""
    found: Json = {}
    for name, value in pairs:
        head, *rest = name.replace("]", "").split("[")
        place, key = found, head
        for part in rest:
            place = place.setdefault(key, {})
            key = part or str(len(place))
        place[key] = value
    return {key: _lists(value) for key, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(part) for key, part in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def checker(description: Json) -> Callable[[str, Request], str | None]:
    """What is wrong with a request to a path, or None."""

    def wrong(path: str, request: Request) -> str | None:
        operation = _operation(description, request.method, path)
        if operation is None:
            return f"no {request.method} {path}"
        content = (operation.get("requestBody") or {}).get("content", {})
        if _FORM in content and request.body:
            schema = content[_FORM]["schema"]
            return _first_error(description, schema, decode(request.body.decode()))
        known = {part["name"]: part.get("schema", {}) for part in operation.get("parameters", [])}
        schema = {"type": "object", "properties": known, "additionalProperties": False}
        return _first_error(description, schema, nested(request.query.items()))

    return wrong


def _operation(description: Json, method: str, path: str) -> Json | None:
    asked = path.split("/")
    for template, operations in description["paths"].items():
        parts = template.split("/")
        same = len(parts) == len(asked) and all(
            part == given or part.startswith("{") for part, given in zip(parts, asked, strict=True)
        )
        if same and method.lower() in operations:
            found: Json = operations[method.lower()]
            return found
    return None


def _first_error(description: Json, schema: Json, value: Json) -> str | None:
    from jsonschema import Draft202012Validator

    whole = {"allOf": [schema], "components": description["components"]}
    typed = _typed(description, schema, value)
    error = next(iter(Draft202012Validator(whole).iter_errors(typed)), None)
    return None if error is None else f"{error.json_path}: {error.message}"[:300]


def _typed(description: Json, schema: Json, value: Any) -> Any:
    """`value` with the text of numbers and booleans read as such, where the schema has them."""
    branches = _branches(description, schema)
    if isinstance(value, dict):
        known: Json = {}
        for branch in branches:
            known |= branch.get("properties", {})
        others = [branch.get("additionalProperties") for branch in branches]
        extra: Json = next((other for other in others if isinstance(other, dict)), {})
        return {name: _typed(description, known.get(name, extra), part) for name, part in value.items()}
    if isinstance(value, list):
        items: Json = next((branch["items"] for branch in branches if "items" in branch), {})
        return [_typed(description, items, part) for part in value]
    kinds = {branch.get("type") for branch in branches}
    if "integer" in kinds and value.lstrip("-").isdigit():
        return int(value)
    return value == "true" if "boolean" in kinds and value in ("true", "false") else value


def _branches(description: Json, schema: Json) -> list[Json]:
    if "$ref" in schema:
        place: Any = description
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        return _branches(description, place)
    inner = [branch for name in ("anyOf", "oneOf", "allOf") for branch in schema.get(name, [])]
    return [schema, *(found for branch in inner for found in _branches(description, branch))]
