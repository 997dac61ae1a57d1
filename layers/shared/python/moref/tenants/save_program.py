"""Programs and the terms of each of their revisions.

There is one program for each kind of advocate and location (or for all locations without their own): its id is derived
from them, so that a second one meets the first. Every revision of the rules is kept, because a conversion is paid by
the revision it was judged by.
"""

from typing import Any, ClassVar

from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Store, Write, create_once, get
from moref.rewards.model import Program, program_id
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import NewProgram, ProgramChanges
from moref.tenants.model import Location

_NOT_RULES = {"name", "status"}


class ProgramTerms(Program):
    """A program as it was at one revision, never changed; id is `<program id>.r<revision>`."""

    noun: ClassVar[str] = "program_terms"

    def parent(self) -> str:
        return self.id.rpartition(".")[0]


def terms(store: Store, organization_id: str, program_id: str, revision: int) -> Program:
    """The program's rules at a revision, strongly consistent. Raises NotFound."""
    return get(store, ProgramTerms, organization_id, f"{program_id}.r{revision}")


def first_revision(program: Program) -> tuple[Write, Write]:
    """The writes that create a program together with its first terms."""
    return Create(program), _kept(program)


def create_program(runtime: Runtime, organization_id: str, form: NewProgram, *, actor: str) -> Program:
    """Raises Conflict when the location already has a program for that kind of advocate; NotFound for the location."""
    now = runtime.clock.now()
    if form.location_id is not None:
        get(runtime.store, Location, organization_id, form.location_id)
    id = program_id(organization_id, form.advocate_kind, form.location_id)
    program = Program(organization_id=organization_id, id=id, created_at=now, updated_at=now, **dict(form))
    audit = audited(now, organization_id, actor, "program.created", id)
    if not create_once(runtime.store, program, _kept(program), audit):
        raise Conflict(f"program {id} serves this location and kind of advocate: change that one")
    return get(runtime.store, Program, organization_id, id)


def change_program(runtime: Runtime, organization_id: str, id: str, changes: ProgramChanges, *, actor: str) -> Program:
    """A change of a rule makes a new revision; a new name or status does not. Raises Conflict, NotFound, BadInput."""
    now, fields = runtime.clock.now(), changes.given()
    before = get(runtime.store, Program, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the program is at version {before.version}")
    if "tiers" in fields:
        fields["tiers"] = list(changes.tiers)
    rules = {name for name in fields.keys() - _NOT_RULES if getattr(before, name) != fields[name]}
    after = before.changed(now, **fields, revision=before.revision + bool(rules))
    writes: list[Write] = [Change(before, after)]
    if rules:
        writes.append(_kept(after))
    detail = {"fields": ",".join(sorted(fields)), "revision": str(after.revision)}
    runtime.store.commit(*writes, audited(now, organization_id, actor, "program.changed", id, **detail))
    return get(runtime.store, Program, organization_id, id)


def _kept(program: Program) -> Create:
    fields: dict[str, Any] = {**dict(program), "id": f"{program.id}.r{program.revision}", "version": 0}
    if not program.tiers:
        raise BadInput("a program needs a tier", field="tiers")
    return Create(ProgramTerms(**fields))
