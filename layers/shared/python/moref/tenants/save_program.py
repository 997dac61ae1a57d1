"""Creates and changes programs. There is one for each kind of advocate and location (or for all locations without their
own): its id is derived from them, so that a second one meets the first.

A conversion keeps the terms it was judged by; a new revision binds conversions from then on.
"""

from datetime import datetime
from typing import Any

from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.programs.in_force import AMOUNTS
from moref.programs.model import Program, ProgramException, ProgramText, program_id, refuse_misfit
from moref.records import Change, Create, Store, Write, create_once, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location
from moref.tenants.program_forms import NewProgram, ProgramChanges
from moref.tenants.supplied import refuse_unsupplied

_NOT_RULES = {"name", "status", "locked"}


def create_program(runtime: Runtime, organization_id: str, form: NewProgram, *, actor: str) -> Program:
    """Raises Conflict when the location already has a program for that kind of advocate; NotFound for the location;
    BadInput on a rule that the location's CRM cannot follow, or that the organization has locked."""
    now, store = runtime.clock.now(), runtime.store
    if form.location_id is not None:
        get(store, Location, organization_id, form.location_id)
    id = program_id(organization_id, form.advocate_kind, form.location_id)
    fields = {name: value for name, value in dict(form).items() if name != "terms_text"}
    program = Program(organization_id=organization_id, id=id, created_at=now, updated_at=now, **fields)
    program = _with_locked(store, program, form.model_fields_set)
    program, text = _with_text(program, form.terms_text, now)
    _check(store, program)
    if not create_once(store, program, *text, audited(now, organization_id, actor, "program.created", id)):
        raise Conflict(f"program {id} serves this location and kind of advocate: change that one")
    return get(store, Program, organization_id, id)


def change_program(runtime: Runtime, organization_id: str, id: str, changes: ProgramChanges, *, actor: str) -> Program:
    """A change of a rule makes a new revision; a new name or status does not. Raises Conflict, NotFound, BadInput."""
    now, store, fields = runtime.clock.now(), runtime.store, dict(changes)
    given = changes.model_fields_set - {"version"}
    before = get(store, Program, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the program is at version {before.version}")
    if not given:
        raise BadInput("nothing to change", field="body")
    after = before.changed(now, **{name: fields[name] for name in given if name != "terms_text"})
    after = _with_locked(store, after, given)
    _refuse_old_amounts(store, before, after, given)
    after, text = _with_text(after, changes.terms_text, now)
    if given - {"name", "status"} or after.status == "active" != before.status:
        _check(store, after)
    after = after.changed(now, revision=before.revision + _rules_differ(before, after))
    detail = {"fields": ",".join(sorted(given)), "revision": str(after.revision)}
    store.commit(Change(before, after), *text, audited(now, organization_id, actor, "program.changed", id, **detail))
    return get(store, Program, organization_id, id)


def _with_text(program: Program, text: str | None, now: datetime) -> tuple[Program, list[Write]]:
    """A new version of the terms, when there is a new text; what was accepted before stays as it was."""
    if text is None:
        return program, []
    number = program.terms_version + 1
    row = ProgramText(
        organization_id=program.organization_id, id=ids.derived("ptx", program.id, str(number)), created_at=now,
        updated_at=now, program_id=program.id, location_id=program.location_id, number=number, text=text,
    )  # fmt: skip
    return program.changed(now, terms_version=number), [Create(row)]


def _with_locked(store: Store, program: Program, given: set[str] | frozenset[str]) -> Program:
    """A location's program with what the organization's locks. Raises BadInput when it says something else."""
    if program.location_id is None:
        return program
    if program.locked:
        raise BadInput("only the organization's program locks rules", field="locked")
    id = program_id(program.organization_id, program.advocate_kind, None)
    general = store.find(Program, program.organization_id, id)
    if general is None or general.status != "active":
        return program
    for name in general.locked:
        if name in given and getattr(program, name) != getattr(general, name):
            raise BadInput(f"{name} is locked by the organization's program", field=name)
    return program.model_copy(update={name: getattr(general, name) for name in general.locked})


def _refuse_old_amounts(store: Store, before: Program, after: Program, given: set[str]) -> None:
    """In another currency each amount is said anew: 2500 that were 25 dollars are not 2500 yen."""
    if after.currency == before.currency:
        return
    for name in AMOUNTS:
        if getattr(after, name) and name not in given:
            raise BadInput(f"it is in {before.currency}: say it anew in {after.currency}", field=name)
    agreed = every(store, ProgramException, before.organization_id, status="active")
    if any(one.program_id == before.id and (one.tiers or one.caps) for one in agreed):
        raise Conflict(f"exceptions with amounts in {before.currency} stand: end them first")


def _check(store: Store, program: Program) -> None:
    refuse_unsupplied(store, program)
    if program.terms_required and not program.terms_version:
        raise BadInput("terms that are required need their text", field="terms_text")
    if program.debt_allowed and not program.terms_version:
        raise BadInput("only terms that say so make a debt: they need their text", field="terms_text")
    try:
        refuse_misfit(program.reward_type, program.discount, program.reward_words)
    except ValueError as misfit:
        raise BadInput(str(misfit), field="reward_type") from None
    if program.starts_at and program.ends_at and program.ends_at <= program.starts_at:
        raise BadInput("ends_at is after starts_at", field="ends_at")


def _rules_differ(before: Program, after: Program) -> bool:
    kept: dict[str, Any] = {"revision": 0, "version": 0, "updated_at": None, **dict.fromkeys(_NOT_RULES)}
    return before.model_copy(update=kept) != after.model_copy(update=kept)
