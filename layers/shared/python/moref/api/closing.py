"""Operations with which an owner closes the organization, and takes that back."""

from typing import Any

from moref.api.operation import Call, Operation
from moref.api.resources import ORGANIZATION
from moref.tenants.close_organization import close_organization, reopen_organization
from moref.tenants.forms import Form, Line


class Close(Form):
    reason: Line


def _close(call: Call) -> Any:
    closing = close_organization(
        call.runtime, call.organization_id, reason=call.body.reason, actor=call.caller.member_id
    )
    return ORGANIZATION.view(closing)


def _reopen(call: Call) -> Any:
    return ORGANIZATION.view(reopen_organization(call.runtime, call.organization_id, actor=call.caller.member_id))


OPERATIONS = (
    Operation("POST", "/v1/organization/close", _close, "owner", "closing",
              "Closes the organization: sends stop at once, what is owed is paid, links lead on without credit. For "
              "thirty days it can be taken back, then everybody it knew is erased and the books stay",
              ORGANIZATION.schema, body=Close, whole=True, fresh=True),
    Operation("POST", "/v1/organization/reopen", _reopen, "owner", "closing", "Takes the closing back",
              ORGANIZATION.schema, whole=True, fresh=True),
)  # fmt: skip
