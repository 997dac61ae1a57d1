"""What an API key may call: a tag of the API, to read or to write, which reads too."""

from moref.api.operation import Operation
from moref.kernel.errors import Forbidden

# Whoever holds a key must not be able to make more of themselves out of it.
PEOPLE_ONLY = frozenset({"members", "invitations", "api-keys"})
# A second member's yes is a person's: whoever made a key could else say it twice. What a rule holds is for people, too.
JUDGEMENTS = frozenset(
    {"POST /v1/conversions/{id}/approve", "POST /v1/conversions/approve", "POST /v1/conversions/{id}/holds/close"}
)


def open_to_keys(operation: Operation) -> bool:
    of_people = operation.tag in PEOPLE_ONLY or operation.route in JUDGEMENTS
    return operation.access == "member" and not operation.fresh and not of_people


def scope_of(operation: Operation) -> str:
    return f"{operation.tag}:{'write' if operation.changes else 'read'}"


def in_scope(operation: Operation, scopes: frozenset[str]) -> None:
    """Raises Forbidden."""
    if not open_to_keys(operation):
        raise Forbidden("no API key can do this: it is for people who sign in")
    wanted = scope_of(operation)
    if wanted not in scopes and f"{operation.tag}:write" not in scopes:
        raise Forbidden(f"this key lacks the scope {wanted}")
