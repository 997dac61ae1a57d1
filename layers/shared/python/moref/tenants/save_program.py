"""Creates and changes programs. There is one for each kind of advocate and location (or for all locations without their
own): its id is derived from them, so that a second one meets the first.

A conversion keeps the terms it was judged by; a new revision binds conversions from then on.
"""

from typing import Any

from moref.kernel.errors import BadInput, Conflict
from moref.programs.model import Program, program_id
from moref.records import Change, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import NewProgram, ProgramChanges
from moref.tenants.model import Location

_NOT_RULES = {"name", "status"}


def create_program(runtime: Runtime, organization_id: str, form: NewProgram, *, actor: str) -> Program:
    """Raises Conflict when the location already has a program for that kind of advocate; NotFound for the location."""
    now = runtime.clock.now()
    if form.location_id is not None:
        get(runtime.store, Location, organization_id, form.location_id)
    id = program_id(organization_id, form.advocate_kind, form.location_id)
    program = Program(organization_id=organization_id, id=id, created_at=now, updated_at=now, **dict(form))
    if not create_once(runtime.store, program, audited(now, organization_id, actor, "program.created", id)):
        raise Conflict(f"program {id} serves this location and kind of advocate: change that one")
    return get(runtime.store, Program, organization_id, id)


def change_program(runtime: Runtime, organization_id: str, id: str, changes: ProgramChanges, *, actor: str) -> Program:
    """A change of a rule makes a new revision; a new name or status does not. Raises Conflict, NotFound, BadInput."""
    now, fields = runtime.clock.now(), changes.given()
    before = get(runtime.store, Program, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the program is at version {before.version}")
    after = before.changed(now, **fields)
    after = after.changed(now, revision=before.revision + _rules_differ(before, after, fields))
    detail = {"fields": ",".join(sorted(fields)), "revision": str(after.revision)}
    runtime.store.commit(Change(before, after), audited(now, organization_id, actor, "program.changed", id, **detail))
    return get(runtime.store, Program, organization_id, id)


def _rules_differ(before: Program, after: Program, fields: dict[str, Any]) -> bool:
    if not fields:
        raise BadInput("nothing to change", field="body")
    return any(getattr(before, name) != getattr(after, name) for name in fields.keys() - _NOT_RULES)
