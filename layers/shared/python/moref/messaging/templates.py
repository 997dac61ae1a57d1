"""Which words count: a location's own form, else the organization's, else the built-in's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from moref.kernel.errors import BadInput
from moref.messaging import builtin
from moref.messaging.fields import PLANNED
from moref.messaging.grammar import parse
from moref.messaging.model import Channel, MessageClass
from moref.messaging.template_model import BUILT_IN, Language, Level, Template, TemplateVersion, Wording, form_id
from moref.records import E, Store, get


@dataclass(frozen=True, slots=True)
class Effective:
    """What a message planned now is made of. `version_id` is what it keeps, for `words_of`."""

    name: str
    kind: MessageClass
    origin: Level
    version_id: str
    wordings: dict[Language, Wording]

    @property
    def has_sms(self) -> bool:
        return any(wording.sms for wording in self.wordings.values())

    @property
    def has_email(self) -> bool:
        return any(wording.subject for wording in self.wordings.values())

    def needs(self) -> frozenset[str]:
        """The merge fields that whoever plans the message must supply: links."""
        return fields_of(self.wordings) & PLANNED


class Finds(Protocol):
    """As much of a Store as is needed to see which words count."""

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None: ...


def effective(store: Finds, organization_id: str, name: str, location_id: str | None = None) -> Effective:
    """Raises BadInput (field "template") on a name that is neither built in nor the organization's, or is archived."""
    own = store.find(Template, organization_id, name)
    if own is not None and (own.location_id is not None or own.status == "archived"):
        own = None
    found = builtin.find(name)
    if found is None and own is None:
        raise BadInput(f"no message template {name[:64]!r}", field="template")
    if location_id is not None and not (own and own.locked):
        form = store.find(Template, organization_id, form_id(name, location_id))
        if form is not None and form.status == "active" and form.wordings:
            return _of_row(name, form)
    if own is not None and own.wordings:
        return _of_row(name, own)
    if found is None:
        raise BadInput(f"the template {name[:64]!r} has no words yet", field="template")
    return Effective(name, found.kind, "builtin", BUILT_IN, found.wordings)


def _of_row(name: str, row: Template) -> Effective:
    origin: Level = "organization" if row.location_id is None else "location"
    return Effective(name, row.kind, origin, row.version_id or "", row.wordings)


def words_of(store: Store, organization_id: str, name: str, version_id: str | None) -> dict[Language, Wording]:
    """The words a planned message keeps, whatever was saved since. Raises NotFound, BadInput."""
    if version_id not in (None, BUILT_IN):
        return get(store, TemplateVersion, organization_id, str(version_id)).wordings
    found = builtin.find(name)
    if found is None:
        raise BadInput(f"no message template {name[:64]!r}", field="template")
    return found.wordings


def chosen(wordings: dict[Language, Wording], language: Language, channel: Channel) -> tuple[Language, Wording]:
    """The person's language when the template has that channel's form in it, else English."""
    for each in (language, "en", *wordings):
        wording = wordings.get(each)
        if wording is not None and (wording.subject if channel == "email" else wording.sms):
            return each, wording
    raise BadInput(f"this template has no words for {channel}", field="template")


def fields_of(wordings: Mapping[Language, Wording]) -> frozenset[str]:
    """Every merge field that any of the words use, the button's link included."""
    used: set[str] = set()
    for wording in wordings.values():
        for source in wording.sources().values():
            used.update(parse(source).fields)
        if wording.button and wording.button_link:
            used.add(wording.button_link)
    return frozenset(used)
