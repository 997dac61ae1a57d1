"""What would be wrong with a campaign at each place where a changed row counts: the definition there, and the templates
there. A definition is fair or not by itself (campaigns.fairness), so the other campaigns need no second look."""

from collections.abc import Sequence

from moref.campaigns.check import Around, check_definition
from moref.campaigns.definition import Definition
from moref.campaigns.effective import Effective, definition_of, form_id, of_rows
from moref.campaigns.model import Campaign, CampaignVersion
from moref.campaigns.problem import Problem
from moref.kernel.errors import BadInput
from moref.messaging.review_links import has_review_link
from moref.messaging.templates import Effective as Template
from moref.messaging.templates import effective as effective_template
from moref.records import E, Store, every
from moref.runtime import Runtime
from moref.tenants.model import Location

_IN_FORCE = ("active", "paused")


class Faulty(BadInput):
    """`problems` names every place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{problems[0].place}: {problems[0].words}", field=problems[0].place)
        self.problems = problems


def refuse_faulty(runtime: Runtime, after: Campaign, saved: CampaignVersion | None = None) -> None:
    """`saved`: a definition that is made in the same commit; without one only what is in force is looked at.

    Raises Faulty.
    """
    found: dict[Problem, None] = {}
    places = every(runtime.store, Location, after.organization_id)
    for place in _where(after, places):
        effective = _at(runtime.store, after, place)
        if saved is None and effective.status not in _IN_FORCE:
            continue
        definition = _definition(runtime.store, after, effective, saved)
        if definition is not None:
            found.update(dict.fromkeys(problems(runtime, definition, place, places)))
    if found:
        raise Faulty(list(found))


def problems(runtime: Runtime, definition: Definition, place: Location, places: Sequence[Location]) -> list[Problem]:
    """Of the definition as it would run at one location of all `places`."""
    store = _Once(runtime.store)

    def template(name: str) -> Template | None:
        try:
            return effective_template(store, place.organization_id, name, place.id)
        except BadInput:
            return None

    holds = has_review_link(store, place, [each.review_url for each in places])
    return check_definition(definition, Around([each.id for each in places], template, holds))


def _where(after: Campaign, places: Sequence[Location]) -> list[Location]:
    if after.location_id is not None:
        return [place for place in places if place.id == after.location_id]
    return [place for place in places if place.status == "active"] or list(places)


def _at(store: Store, after: Campaign, place: Location) -> Effective:
    org = after.organization_id
    if after.location_id is not None:
        return of_rows(org, after.base, store.find(Campaign, org, after.base), after)
    return of_rows(org, after.base, after, store.find(Campaign, org, form_id(after.base, place.id)))


def _definition(store: Store, after: Campaign, found: Effective, saved: CampaignVersion | None) -> Definition | None:
    if saved is not None and found.version_id == saved.id:
        return saved.definition
    if not found.version_id:
        return None
    return definition_of(store, after.organization_id, found)


class _Once:
    """The same row is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], object] = {}

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        key = (kind.noun, id)
        if key not in self._known:
            self._known[key] = self._store.find(kind, organization_id, id)
        return self._known[key]  # type: ignore[return-value]  # kept by kind
