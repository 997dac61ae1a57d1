"""One row of the API's table: what an operation is called, who may, what it takes, what it does and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from moref.api.tokens import Caller, SignedIn
from moref.kernel import ids
from moref.kernel.errors import NotFound
from moref.records import E, get
from moref.runtime import Runtime
from moref.tenants.model import Role

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
# A member of the organization; or a person, whoever has signed in, with an organization or without; or anyone.
# The store of a member's call is bound to their organization; the others' use-cases answer for what they touch.
Access = Literal["member", "person", "anyone"]
Produces = Literal["application/json", "text/csv", "text/html", "image/svg+xml", "image/png"]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call. The organization comes from here and nowhere else."""

    runtime: Runtime
    who: Caller | SignedIn | None  # None where anyone may call
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any  # an instance of the operation's `body`, or None
    scope: str  # names tenant, route and filters; cursors are bound to it
    idempotency_key: str | None
    source: str = ""  # the network address it came from; never stored or logged as it is

    @property
    def caller(self) -> Caller:
        """The member. Raises TypeError in an operation that is not for members: a defect of the table."""
        if not isinstance(self.who, Caller):
            raise TypeError("no member calls here")
        return self.who

    @property
    def person(self) -> SignedIn:
        """Whoever signed in. Raises TypeError in an operation that is not for persons."""
        if not isinstance(self.who, SignedIn):
            raise TypeError("no person calls here")
        return self.who

    @property
    def organization_id(self) -> str:
        return self.caller.organization_id

    def get(self, kind: type[E], id: str) -> E:
        """Strongly consistent. Raises NotFound, also for a location the caller is not meant to see."""
        found = get(self.runtime.store, kind, self.organization_id, id)
        if not visible(self.caller, found):
            raise NotFound
        return found

    def new_id(self, prefix: str) -> str:
        """The same for the same Idempotency-Key, so that a creation repeated after a crash meets its first try."""
        if self.idempotency_key is None or self.who is None:
            return ids.new(prefix)
        return ids.derived(prefix, self.who.home, self.who.actor, self.idempotency_key)


def visible(caller: Caller, entity: Any) -> bool:
    """Whether a member limited to locations may see a row; rows of the whole organization they may."""
    if caller.location_ids is None:
        return True
    place = entity.id if entity.noun == "location" else getattr(entity, "location_id", None)
    place = place or getattr(entity, "default_location_id", None)
    return place is None or place in caller.location_ids


@dataclass(frozen=True, slots=True)
class Operation:
    method: Method
    path: str  # "/v1/conversions/{id}/approve"
    does: Callable[[Call], Any]  # returns JSON types
    least: Role  # of a member; means nothing where others may call
    tag: str
    words: str
    answer: Callable[[], Schema]  # the document's; never made in the function
    status: int = 200
    body: type[BaseModel] | None = None
    body_optional: bool = False
    query: Mapping[str, Schema] = field(default_factory=dict)  # name -> its schema; any other name is refused
    idempotency: Literal["none", "optional", "required"] = "none"
    whole: bool = False  # only for callers who may see every location
    reads: bool = False  # changes nothing, though a POST: what is asked for has no place in a URL
    produces: Produces = "application/json"  # else `does` returns the file's text or bytes
    access: Access = "member"
    fresh: bool = False  # sensitive: needs a sign-in of the last quarter of an hour
    paid: bool = False  # begins something new: not for an organization whose subscription has lapsed

    @property
    def changes(self) -> bool:
        return self.method != "GET" and not self.reads

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"
