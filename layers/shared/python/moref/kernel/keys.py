"""How a row is keyed, written once for the PynamoDB base and the doors' light client.

A row: pk, sk, noun, version, op (the operation that wrote it last), index attributes, `data` (the noun's fields).
`organization` comes from the verified token or the stored hook only; GLOBAL rows are what a stranger's link or token
leads to before the organization is known.
"""

from hashlib import sha256

from moref.kernel.names import PENDING_SHARDS

GLOBAL = "*"
PEOPLE = "@"  # rows of those who sign in, before it is known for whom; one bound to a tenant never reaches them
SELF = "self"


def row_key(organization: str, noun: str, id: str) -> tuple[str, str]:
    return f"{organization}#{noun}#{id}", SELF


def lookup_key(organization: str, kind: str, value: str, target: str = "") -> tuple[str, str]:
    """A look-up item: every target of (kind, value) shares one partition."""
    return f"{organization}#lookup#{kind}#{value}", target


def click_key(code: str, at: str, unique: str) -> tuple[str, str]:
    """Clicks of a code and day spread over four partitions: a viral link is not one hot key. `at` is `clock.iso`."""
    return f"click#{code}#{at[:10]}#{int(unique[-1], 36) % 4}", f"{at}#{unique}"


def noun_key(organization: str, noun: str) -> str:
    return f"{organization}#{noun}"


def filter_key(organization: str, noun: str, value: str) -> str:
    """The partition of by_status, by_location and by_parent."""
    return f"{organization}#{noun}#{value}"


def pending_shard(id: str) -> str:
    return f"p{sha256(id.encode()).digest()[0] % PENDING_SHARDS}"


def waiting_keys(organization: str, noun: str, what: str, location_id: str | None) -> dict[str, str]:
    """The partitions of by_waiting and, of what belongs to a branch, of by_waiting_place."""
    found = {"waiting_key": filter_key(organization, noun, what)}
    if location_id:
        found["waiting_place_key"] = filter_key(organization, noun, f"{what}#{location_id}")
    return found


def index_for(
    organization: str,
    noun: str,
    status: str | None,
    location_id: str | None,
    parent: str | None,
    *,
    waiting: str | None = None,
) -> tuple[str, str]:
    """The index and partition that serve a list. Raises ValueError on more than one filter: no index holds two, except
    what waits at a location."""
    if waiting is not None and status is None and parent is None:
        partitions = waiting_keys(organization, noun, waiting, location_id)
        if location_id is None:
            return "by_waiting", partitions["waiting_key"]
        return "by_waiting_place", partitions["waiting_place_key"]
    filters = {"by_status": status, "by_location": location_id, "by_parent": parent, "by_waiting": waiting}
    given = {index: value for index, value in filters.items() if value is not None}
    if len(given) > 1:
        raise ValueError("a list takes one of status, location, parent")
    for index, value in given.items():
        return index, filter_key(organization, noun, value)
    return "by_noun", noun_key(organization, noun)
