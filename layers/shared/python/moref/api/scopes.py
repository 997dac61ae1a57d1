"""What an API key may call: a tag of the API, to read or to write, which reads too."""

from moref.api.operation import Operation
from moref.kernel.errors import Forbidden

# Whoever holds a key must not be able to make more of themselves out of it.
PEOPLE_ONLY = frozenset({"members", "invitations", "api-keys"})


def open_to_keys(operation: Operation) -> bool:
    return operation.access == "member" and not operation.fresh and operation.tag not in PEOPLE_ONLY


def scope_of(operation: Operation) -> str:
    return f"{operation.tag}:{'write' if operation.changes else 'read'}"


def in_scope(operation: Operation, scopes: frozenset[str]) -> None:
    """Raises Forbidden."""
    if not open_to_keys(operation):
        raise Forbidden("no API key can do this: it is for people who sign in")
    wanted = scope_of(operation)
    if wanted not in scopes and f"{operation.tag}:write" not in scopes:
        raise Forbidden(f"this key lacks the scope {wanted}")
