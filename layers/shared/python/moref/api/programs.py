"""Programs and what belongs to them: texts and who accepted them, exceptions, tariff items, advocates' groups."""

from typing import Any

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.programs.agree import end_tariff, record_acceptance, record_tariff, save_exception
from moref.programs.change_advocate import change_advocate
from moref.programs.model import Program, ProgramException, ProgramText, TariffItem, TermsAcceptance
from moref.referrals.model import Advocate
from moref.tenants.model import Location
from moref.tenants.program_forms import (
    AcceptanceForm,
    AdvocateChanges,
    ExceptionForm,
    NewProgram,
    ProgramChanges,
    TariffItemForm,
)
from moref.tenants.save_program import change_program, create_program

PROGRAM = Resource(
    "programs",
    Program,
    words(
        "name advocate_kind location_id qualifying_fact window_days minimum_amount job_types mode tier_period tiers"
        " tier_groups caps reward_type discount reward_words friend_reward debt_allowed currency approval"
        " automatic_under second_approver_over hold_days hold_fact starts_at ends_at"
        " terms_required terms_version locked revision status"
    ),
    "reward rules",
    STATUS | PLACE,
)
TEXT = Resource(
    "program-texts", ProgramText, words("program_id location_id number text"), "versions of the terms advocates accept",
    {"program_id": "parent"},
)  # fmt: skip
EXCEPTION = Resource(
    "program-exceptions",
    ProgramException,
    words("program_id advocate_id location_id tiers caps approval ends_at reason status"),
    "other rules for single advocates",
    STATUS | {"advocate_id": "parent"},
)
ACCEPTANCE = Resource(
    "acceptances",
    TermsAcceptance,
    words("advocate_id program_id location_id what number accepted_at source recorded_by"),
    "terms accepted and attestations given, with the time",
    {"advocate_id": "parent"},
)
TARIFF = Resource(
    "tariff-items",
    TariffItem,
    words("item valid_from recorded_by status"),
    "items of the tariff that allow value to interstate shippers",
    STATUS,
)
ADVOCATE = Resource(
    "advocates",
    Advocate,
    words("kind contact_id location_id tier_group approved status"),
    "those who refer",
    STATUS | PLACE | {"contact_id": "parent"},
)
ROWS = (PROGRAM, TEXT, EXCEPTION, ACCEPTANCE, TARIFF, ADVOCATE)


def _create_program(call: Call) -> Any:
    if call.body.location_id is not None:
        call.get(Location, call.body.location_id)
    return PROGRAM.view(create_program(call.runtime, call.organization_id, call.body, actor=call.caller.member_id))


def _change_program(call: Call) -> Any:
    id = call.get(Program, call.params["id"]).id
    changed = change_program(call.runtime, call.organization_id, id, call.body, actor=call.caller.member_id)
    return PROGRAM.view(changed)


def _accept(call: Call) -> Any:
    program, body = call.get(Program, call.params["id"]), call.body
    advocate = call.get(Advocate, body.advocate_id)
    return ACCEPTANCE.view(
        record_acceptance(
            call.runtime, call.organization_id, program, advocate_id=advocate.id, what=body.what, number=body.number,
            accepted_at=body.accepted_at, source=body.source, actor=call.caller.member_id,
        )
    )  # fmt: skip


def _except(call: Call) -> Any:
    program, fields = call.get(Program, call.params["id"]), dict(call.body)
    advocate = call.get(Advocate, fields.pop("advocate_id"))
    actor = call.caller.member_id
    return EXCEPTION.view(save_exception(call.runtime, call.organization_id, program, advocate.id, fields, actor=actor))


def _tariff(call: Call) -> Any:
    body, actor = call.body, call.caller.member_id
    return TARIFF.view(
        record_tariff(call.runtime, call.organization_id, item=body.item, valid_from=body.valid_from, actor=actor)
    )


def _end_tariff(call: Call) -> Any:
    id = call.get(TariffItem, call.params["id"]).id
    return TARIFF.view(end_tariff(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _change_advocate(call: Call) -> Any:
    id = call.get(Advocate, call.params["id"]).id
    changed = change_advocate(
        call.runtime, call.organization_id, id, call.body.version, call.body.given(), actor=call.caller.member_id
    )
    return ADVOCATE.view(changed)


def _archive_advocate(call: Call, id: str) -> Advocate:
    found = call.get(Advocate, id)
    if found.status == "archived":
        return found
    return change_advocate(
        call.runtime, call.organization_id, found.id, found.version, {"status": "archived"},
        actor=call.caller.member_id,
    )  # fmt: skip


OPERATIONS = (
    Operation("POST", "/v1/programs", _create_program, "admin", "programs", "Creates reward rules", PROGRAM.schema,
              status=201, body=NewProgram, idempotency="optional", whole=True, fresh=True),
    Operation("PATCH", "/v1/programs/{id}", _change_program, "admin", "programs",
              "Changes reward rules: a new revision, for conversions from now on", PROGRAM.schema, body=ProgramChanges,
              whole=True, fresh=True),
    Operation("POST", "/v1/programs/{id}/acceptances", _accept, "admin", "programs",
              "Records that an advocate accepted a version of the terms, or attested", ACCEPTANCE.schema, status=201,
              body=AcceptanceForm, idempotency="optional"),
    Operation("POST", "/v1/programs/{id}/exceptions", _except, "admin", "programs",
              "Makes or replaces the other rules of one advocate", EXCEPTION.schema, body=ExceptionForm,
              idempotency="optional"),
    Operation("POST", "/v1/tariff-items", _tariff, "admin", "tariff-items", "Records an item of the tariff",
              TARIFF.schema, status=201, body=TariffItemForm, idempotency="optional", whole=True),
    Operation("POST", "/v1/tariff-items/{id}/end", _end_tariff, "admin", "tariff-items", "It counts no more",
              TARIFF.schema, idempotency="optional", whole=True),
    Operation("PATCH", "/v1/advocates/{id}", _change_advocate, "admin", "advocates",
              "Changes an advocate's kind, tier group or status", ADVOCATE.schema, body=AdvocateChanges),
    Operation("POST", "/v1/advocates/archive", bulk(_archive_advocate), "admin", "advocates",
              f"Archives up to {MOST}: their links go on working; says what came of each", OUTCOMES.copy, body=Many),
)  # fmt: skip
