"""Saves, renames, locks, reverts and archives templates. Words that break a rule are refused with every place named.

Every change of words is a TemplateVersion; messages planned before keep theirs.
"""

import re
from typing import Any

from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.messaging import builtin
from moref.messaging.check_template import Refused, findings, still_wanted, unfair
from moref.messaging.model import MessageClass
from moref.messaging.template_model import Language, Template, TemplateVersion, Wording, form_id
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location

Wordings = dict[Language, Wording]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_VERSIONS = 1_000


def parts(id: str) -> tuple[str, str | None]:
    """Name and location of an id. Raises NotFound on what is no template's id."""
    name, dot, location_id = id.partition(".")
    if not _NAME.fullmatch(name) or (dot and not location_id):
        raise NotFound(f"no template {id[:64]}")
    return name, location_id or None


def save_template(
    runtime: Runtime,
    organization_id: str,
    id: str,
    wordings: Wordings,
    *,
    version: int,
    actor: str,
    title: str | None = None,
    kind: MessageClass | None = None,
) -> Template:
    """`version` is the row's as read, 0 when there is none. A new name needs `kind`: marketing or service.

    Raises Refused with every finding, Conflict (another version, locked), NotFound, BadInput.
    """
    before = _read(runtime, organization_id, id, version)
    row = before or _new(runtime, organization_id, id, kind, title)
    if kind not in (None, row.kind):
        raise BadInput(f"the class of a template never changes: it is {row.kind}", field="kind")
    _not_locked(runtime, row)
    if row.versions >= MOST_VERSIONS:
        raise Conflict(f"the template has {MOST_VERSIONS} versions already")
    found = findings(runtime, organization_id, row.base, row.kind, wordings)
    number = row.versions + 1
    made = f"{row.id}.v{number}"
    after = row.changed(
        runtime.clock.now(), wordings=wordings, version_id=made, versions=number, status="active",
        name=title or row.name,
    )  # fmt: skip
    if not any(each.severity == "error" for each in found):
        found += unfair(runtime, after)
    if any(each.severity == "error" for each in found):
        raise Refused(found)
    history = TemplateVersion(
        organization_id=organization_id, id=made, created_at=after.updated_at, updated_at=after.updated_at,
        template_id=row.id, number=number, wordings=wordings, made_by=actor,
    )  # fmt: skip
    return _commit(runtime, before, after, actor, "template.saved", Create(history), number=str(number))


def change_template(
    runtime: Runtime,
    organization_id: str,
    id: str,
    *,
    version: int,
    actor: str,
    title: str | None = None,
    locked: bool | None = None,
) -> Template:
    """A new title, or whether locations' own forms count. Raises as save_template does."""
    before = _read(runtime, organization_id, id, version)
    row = before or _new(runtime, organization_id, id, None, None)
    if locked is not None and row.location_id is not None:
        raise BadInput("the organization locks its template, for all locations", field="locked")
    if title is None and locked is None:
        raise BadInput("nothing to change", field="body")
    after = row.changed(
        runtime.clock.now(), name=title or row.name, locked=row.locked if locked is None else locked
    )  # fmt: skip
    _stays_fair(runtime, after)
    return _commit(runtime, before, after, actor, "template.changed")


def revert_template(
    runtime: Runtime, organization_id: str, id: str, *, version: int, actor: str, number: int | None
) -> Template:
    """To the words of an earlier version, as a new one; or, without a number, to what stands without this row's words:
    the built-in, or for a location the organization's. Raises as save_template does."""
    if number is not None:
        words = get(runtime.store, TemplateVersion, organization_id, f"{id}.v{number}").wordings
        return save_template(runtime, organization_id, id, words, version=version, actor=actor)
    before = _there(runtime, organization_id, id, version)
    _not_locked(runtime, before)
    if before.location_id is None and builtin.find(before.base) is None:
        raise Conflict("this template is not built in: revert it to a version, or archive it")
    after = before.changed(runtime.clock.now(), wordings={}, version_id=None)
    _stays_fair(runtime, after)
    return _commit(runtime, before, after, actor, "template.reverted")


def archive_template(runtime: Runtime, organization_id: str, id: str, *, version: int, actor: str) -> Template:
    """It is no longer there for new messages; a built-in or inherited one counts again. Saving it brings it back.

    Raises Conflict when a campaign in force still sends it."""
    before = _there(runtime, organization_id, id, version)
    after = before.changed(runtime.clock.now(), status="archived", locked=False)
    still_wanted(runtime, after)
    _stays_fair(runtime, after)
    return _commit(runtime, before, after, actor, "template.archived")


def _read(runtime: Runtime, organization_id: str, id: str, version: int) -> Template | None:
    found = runtime.store.find(Template, organization_id, id)
    current = found.version if found else 0
    if found is None and version and not _known(runtime, organization_id, id):
        raise NotFound(f"no template {id[:64]}")
    if current != version:
        raise Conflict(f"the template is at version {current}")
    return found


def _there(runtime: Runtime, organization_id: str, id: str, version: int) -> Template:
    found = _read(runtime, organization_id, id, version)
    if found is None:
        raise Conflict("the template has not been changed: it is the built-in, or the organization's")
    return found


def _known(runtime: Runtime, organization_id: str, id: str) -> bool:
    name = parts(id)[0]
    return builtin.find(name) is not None or runtime.store.find(Template, organization_id, name) is not None


def _new(runtime: Runtime, organization_id: str, id: str, kind: MessageClass | None, title: str | None) -> Template:
    name, location_id = parts(id)
    base: Any = builtin.find(name)
    if location_id is not None:
        get(runtime.store, Location, organization_id, location_id)
        base = runtime.store.find(Template, organization_id, name) or base
        if base is None:
            raise NotFound(f"no template {name}")
    if base is None and kind not in ("marketing", "service"):
        raise BadInput("a new template is marketing or service; the class never changes", field="kind")
    now = runtime.clock.now()
    return Template(
        organization_id=organization_id, id=form_id(name, location_id), created_at=now, updated_at=now, base=name,
        location_id=location_id, kind=base.kind if base else kind, name=title or (base.name if base else name),
    )  # fmt: skip


def _not_locked(runtime: Runtime, row: Template) -> None:
    if row.location_id is None:
        return
    own = runtime.store.find(Template, row.organization_id, row.base)
    if own is not None and own.locked:
        raise Conflict("the organization has locked this template for its locations")


def _stays_fair(runtime: Runtime, after: Template) -> None:
    if found := unfair(runtime, after):
        raise Refused(found)


def _commit(
    runtime: Runtime, before: Template | None, after: Template, actor: str, action: str, *more: Write, **detail: str
) -> Template:
    write: Write = Create(after) if before is None else Change(before, after)
    audit = audited(after.updated_at, after.organization_id, actor, action, after.id, **detail)
    runtime.store.commit(write, *more, audit)
    return get(runtime.store, Template, after.organization_id, after.id)
