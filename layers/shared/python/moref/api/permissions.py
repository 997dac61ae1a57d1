"""The table of permissions, read out of the table of operations: what is printed is what is enforced."""

from typing import Any

from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from moref.api.scopes import open_to_keys, scope_of

_OTHERS = {"person": "whoever has signed in", "anyone": "anyone"}


def table() -> list[dict[str, Any]]:
    """One row an operation, in the table's order."""
    return [_row(operation) for operation in OPERATIONS]


def _row(operation: Operation) -> dict[str, Any]:
    of_members = operation.access == "member"
    return {
        "operation": operation.route,
        "needs": operation.least if of_members else _OTHERS[operation.access],
        "every_location": operation.whole,  # only for those who are not limited to some
        "fresh_sign_in": operation.fresh,
        "api_key_scope": scope_of(operation) if open_to_keys(operation) and operation.least != "owner" else None,
    }
