"""Everything a template is checked for before it counts: its own words, and the campaigns it stands in."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from moref.campaigns.definition import Send
from moref.campaigns.fairness import check_campaigns
from moref.campaigns.in_force import in_force
from moref.kernel.errors import BadInput, Conflict
from moref.messaging import builtin
from moref.messaging.fields import PRIVATE
from moref.messaging.grammar import parse
from moref.messaging.lint import lint
from moref.messaging.lint_units import Finding, Surroundings
from moref.messaging.model import MessageClass
from moref.messaging.review_links import has_review_link
from moref.messaging.template_model import Language, Template, Wording
from moref.messaging.templates import effective, fields_of
from moref.records import E, every
from moref.runtime import Runtime
from moref.tenants.model import Location


class Refused(BadInput):
    """What is wrong with it, at least one of them an error; `field` is the first place."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = [each for each in findings if each.severity == "error"]
        first = self.findings[0]
        super().__init__(f"{first.field}, line {first.line}: {first.words}", field=first.field)


def findings(
    runtime: Runtime, organization_id: str, name: str, kind: MessageClass, wordings: dict[Language, Wording]
) -> list[Finding]:
    """Of the words alone, errors first."""
    made = builtin.find(name)
    own = fields_of(made.wordings) if made else frozenset()
    found = [
        Finding(f"{language}.{part}", 1, f"{name} is given to a built-in template only")
        for language, wording in wordings.items()
        for part, source in wording.sources().items()
        for name in parse(source).fields
        if name in PRIVATE - own
    ]
    return found + lint(kind, wordings, surroundings(runtime, organization_id))


def surroundings(runtime: Runtime, organization_id: str) -> Surroundings:
    places = every(runtime.store, Location, organization_id)
    urls = [runtime.settings.base_url, *(url for place in places for url in (place.review_url, place.site_url) if url)]
    hosts = frozenset(urlsplit(url).hostname or "" for url in urls)
    return Surroundings(hosts, tuple(place.review_url for place in places), runtime.settings.base_url)


def unfair(runtime: Runtime, after: Template) -> list[Finding]:
    """What the campaigns in force would do to the review link once the row is as in `after` (rules.md "Reviews")."""
    store = _With(runtime, after)
    found: dict[Finding, None] = {}
    urls = surroundings(runtime, after.organization_id).review_urls
    for place in _places(runtime, after):
        campaigns = in_force(runtime.store, after.organization_id, place.id)
        for problem in check_campaigns(campaigns, has_review_link(store, place, urls)):
            found[Finding(f"campaigns.{problem.place}", 1, problem.words)] = None
    return list(found)


def still_wanted(runtime: Runtime, after: Template) -> None:
    """Raises Conflict when a campaign in force sends a template that there would be no more."""
    for place in _places(runtime, after):
        for id, definition in in_force(runtime.store, after.organization_id, place.id).items():
            steps = [name for name, step in definition.steps.items() if _sends(step, after.base)]
            if steps and not _exists(runtime, after, place):
                raise Conflict(f"campaign {id} sends this template in step {steps[0]}")


def _sends(step: object, template: str) -> bool:
    return isinstance(step, Send) and step.template == template


def _exists(runtime: Runtime, after: Template, place: Location) -> bool:
    try:
        effective(_With(runtime, after), after.organization_id, after.base, place.id)
    except BadInput:
        return False
    return True


def _places(runtime: Runtime, after: Template) -> list[Location]:
    """Where the row may count."""
    places = every(runtime.store, Location, after.organization_id, status="active")
    return [place for place in places if after.location_id in (None, place.id)]


class _With:
    """State as it is, but for one template."""

    def __init__(self, runtime: Runtime, template: Template) -> None:
        self._store, self._template = runtime.store, template

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        if kind is Template and (organization_id, id) == (self._template.organization_id, self._template.id):
            return self._template  # type: ignore[return-value]  # E is Template here
        return self._store.find(kind, organization_id, id)
