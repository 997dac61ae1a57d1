"""The same decision about many conversions: each is its own, and what came of each is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from moref.conversions.model import Conversion
from moref.kernel.errors import MorefError, NotFound

MOST = 100
Decide = Callable[[str], Conversion]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is the conversion's after it; `detail` says why the decision was not taken."""

    id: str
    ok: bool
    status: str | None = None
    code: str | None = None
    detail: str | None = None


def decide(ids: Iterable[str], one: Decide) -> list[Outcome]:
    """In the order given, each id once. A refusal of one leaves the others their turn; a defect does not."""
    return [_outcome(id, one) for id in dict.fromkeys(ids)]


def _outcome(id: str, one: Decide) -> Outcome:
    try:
        return Outcome(id, ok=True, status=one(id).status)
    except NotFound:
        return Outcome(id, ok=False, code=NotFound.code, detail="nothing here under this id")
    except MorefError as error:
        if error.status >= 500:
            raise
        return Outcome(id, ok=False, code=error.code, detail=error.detail)
