"""How all of a branch is gone through: stage by stage, a page a step, each step committed with how far it has come."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moref.records import Entity, Store
from moref.transfers.model import LocationTransfer

PAGE = 20  # rows of a step: each may take some twenty calls
BUDGET = timedelta(seconds=8)  # after it no further step begins; the function has thirty
OVER = "over"


@dataclass(frozen=True, slots=True)
class Stage:
    """`does` takes a row's id and returns what it adds to the tally, the same when it is repeated."""

    name: str
    kind: type[Entity]
    does: Callable[[str], Mapping[str, int]]


def page(
    store: Store, at: LocationTransfer, organization_id: str, location_id: str, stages: tuple[Stage, ...]
) -> dict[str, Any]:
    """Works on the next page of the location's rows; the fields that say so. `stage` is OVER after the last."""
    names = [stage.name for stage in stages]
    place = names.index(at.stage) if at.stage else 0
    found = store.list(
        stages[place].kind, organization_id, location_id=location_id, newest_first=False, limit=PAGE, after=at.after
    )
    tally = Counter(at.tally)
    for row in found.items:
        tally.update(stages[place].does(row.id))
    follows = names[place] if found.after is not None else [*names, OVER][place + 1]
    return {"stage": follows, "after": found.after, "tally": dict(tally)}
