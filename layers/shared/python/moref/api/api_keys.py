"""Operations on API keys, for programs that act for the organization."""

from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.read import instant
from moref.api.resource import STATUS, Resource, words
from moref.kernel.errors import BadInput
from moref.signin.model import ApiKey
from moref.tenants.forms import Form, Identifier, Name

API_KEY = Resource(
    "api-keys",
    ApiKey,
    words("name prefix scopes location_ids expires_at status made_by last_used_on"),
    "API keys, without the keys themselves; last_used_on is a day",
    STATUS,
    whole=True,
    least="admin",
)


class NewKey(Form):
    name: Name
    scopes: list[str] = Field(
        min_length=1, max_length=100, description='"conversions:read", "conversions:write" (which reads too)'
    )
    location_ids: list[Identifier] | None = Field(default=None, min_length=1, max_length=100)
    expires_at: str | None = Field(default=None, json_schema_extra={"format": "date-time"})


def _make(call: Call) -> Any:
    from moref.signin.api_keys import make

    body = call.body
    _check(body.scopes)
    key, text = make(
        call.runtime, call.organization_id, name=body.name, scopes=body.scopes, location_ids=body.location_ids,
        expires_at=instant(body.expires_at, "expires_at") if body.expires_at else None, actor=call.caller.member_id,
    )  # fmt: skip
    return API_KEY.view(key) | {"key": text}


def _revoke(call: Call) -> Any:
    from moref.signin.api_keys import revoke

    return API_KEY.view(revoke(call.runtime, call.organization_id, call.params["id"], actor=call.caller.member_id))


def _check(scopes: list[str]) -> None:
    """Raises BadInput on a scope that opens nothing."""
    from moref.api.routes import OPERATIONS as ROUTES  # made of this table, too
    from moref.api.scopes import open_to_keys, scope_of

    tags = {operation.tag for operation in ROUTES if open_to_keys(operation)}
    known = {scope_of(operation) for operation in ROUTES if open_to_keys(operation)} | {f"{tag}:read" for tag in tags}
    for place, scope in enumerate(scopes):
        if scope not in known:
            raise BadInput("no such scope: a tag of this API and :read or :write", field=f"scopes.{place}")


def _made() -> Schema:
    view = API_KEY.schema()
    properties = view["properties"] | {"key": {"type": "string", "description": "shown this once"}}
    return view | {"title": "NewApiKey", "properties": properties, "required": [*view["required"], "key"]}


# Without Idempotency-Key: a kept answer would keep the key.
OPERATIONS = (
    Operation("POST", "/v1/api-keys", _make, "admin", "api-keys",
              "Makes a key: an admin within its scopes, who can do nothing that needs a fresh sign-in", _made,
              status=201, body=NewKey, whole=True, fresh=True),
    Operation("DELETE", "/v1/api-keys/{id}", _revoke, "admin", "api-keys", "Revokes a key, from this moment",
              API_KEY.schema, whole=True),
)  # fmt: skip
