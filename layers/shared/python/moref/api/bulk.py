"""The same decision about many rows: each is its own, and what came of each is told."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field

from moref.api.operation import Call, Schema
from moref.api.schemas import object_of
from moref.kernel.errors import MorefError, NotFound
from moref.records import Entity
from moref.tenants.forms import Form, Identifier

MOST = 100
Decide = Callable[[str], Entity]


class Many(Form):
    ids: list[Identifier] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is the row's after it, where it has one; `detail` says why the decision was not taken."""

    id: str
    ok: bool
    status: str | None = None
    code: str | None = None
    detail: str | None = None


def bulk(one: Callable[[Call, str], Entity]) -> Callable[[Call], Any]:
    """What an operation does whose body is a `Many`: `one` for each id."""

    def does(call: Call) -> Any:
        found = decide(call.body.ids, lambda id: one(call, id))
        return {"items": [asdict(outcome) for outcome in found], "failed": sum(not outcome.ok for outcome in found)}

    return does


def decide(ids: Iterable[str], one: Decide) -> list[Outcome]:
    """In the order given, each id once. A refusal of one leaves the others their turn; a defect does not."""
    return [_outcome(id, one) for id in dict.fromkeys(ids)]


def _outcome(id: str, one: Decide) -> Outcome:
    try:
        return Outcome(id, ok=True, status=getattr(one(id), "status", None))
    except NotFound:
        return Outcome(id, ok=False, code=NotFound.code, detail="nothing here under this id")
    except MorefError as error:
        if error.status >= 500:
            raise
        return Outcome(id, ok=False, code=error.code, detail=error.detail)


_TEXT: Schema = {"type": ["string", "null"]}
_OUTCOME = object_of(
    id={"type": "string"},
    ok={"type": "boolean"},
    status=_TEXT | {"description": "the row's after it"},
    code=_TEXT | {"description": "of the problem, as a single call would name it"},
    detail=_TEXT,
)
OUTCOMES = object_of(
    items={"type": "array", "items": _OUTCOME},
    failed={"type": "integer", "description": "how many were not decided; the others are"},
)
