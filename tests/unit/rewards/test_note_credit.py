"""The CRM is told of credit once: claimed before, never repeated when the answer is lost."""

from typing import Any

import pytest

from moref.intake.pulled import CallBudget
from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Retry
from moref.rewards.benefit_model import CreditUse
from moref.rewards.note_credit import note_credit
from moref.tenants.model import Connection
from tests.simulation.world import ORG, World
from tests.unit.rewards.benefits import earned, job_says, own_job, world_with


class Crm:
    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.notes: list[tuple[str, str]] = []

    def add_note(self, external_id: str, text: str) -> str:
        self.notes.append((external_id, text))
        if self.failure is not None:
            raise self.failure
        return "note_1"


def used(crm: str) -> tuple[World, str]:
    world = world_with(reward_type="service_credit")
    world.make(
        Connection,
        "crm_1",
        crm=crm,
        name="CRM",
        default_location_id="loc_1",
        hook_token="t",
        supplies=["invoiced"],
        secret_ciphertext="-",
    )
    earned(world)
    own_job(world)
    (use,) = world.all(CreditUse)
    assert [event["subject"] for event in world.store.events if event["name"] == "credit.applied"] == [use.id]
    return world, use.id


def note(world: World, id: str, crm: Any) -> str | None:
    note_credit(world.runtime, ORG, id, open=lambda *_: crm)
    return world.all(CreditUse)[0].note


def test_a_note_is_written_once_without_a_name() -> None:
    world, id = used("smartmoving")
    crm = Crm()
    assert [note(world, id, crm) for _ in range(3)] == ["done"] * 3
    assert crm.notes == [("job_own", "Service credit of $25 to take off this invoice (Mo-ref).")]
    assert [budget.used for budget in world.all(CallBudget)] == [1]


@pytest.mark.parametrize(
    ("failure", "state"),
    [(OutcomeUnknown("lost"), "unknown"), (Retry("busy"), "failed"), (NeedsPerson("credentials"), "failed")],
)
def test_a_lost_answer_is_never_repeated(failure: Exception, state: str) -> None:
    world, id = used("smartmoving")
    crm = Crm(failure)
    assert [note(world, id, crm) for _ in range(2)] == [state] * 2
    assert len(crm.notes) == 1


def undone_note(world: World, id: str, crm: Any) -> str | None:
    note_credit(world.runtime, ORG, id, open=lambda *_: crm)
    return world.all(CreditUse)[0].undone_note


def test_what_was_noted_is_taken_back_once_and_noted_again_with_the_next_turn() -> None:
    world, id = used("smartmoving")
    crm = Crm()
    note(world, id, crm)
    job_says(world, "job_own", cancelled=True)
    assert [event["subject"] for event in world.store.events if event["name"] == "credit.undone"] == [id]
    assert [undone_note(world, id, crm) for _ in range(2)] == ["done"] * 2
    job_says(world, "job_own", cancelled=False)
    assert [note(world, id, crm) for _ in range(2)] == ["done"] * 2
    assert [text for _, text in crm.notes] == [
        "Service credit of $25 to take off this invoice (Mo-ref).",
        "The service credit of $25 is not to be taken off: the invoice was undone (Mo-ref).",
        "Service credit of $25 to take off this invoice, instead of what was noted before (Mo-ref).",
    ]


@pytest.mark.parametrize(("failure", "told"), [(OutcomeUnknown("lost"), 1), (NeedsPerson("credentials"), 0)])
def test_only_a_note_that_may_stand_is_taken_back(failure: Exception, told: int) -> None:
    world, id = used("smartmoving")
    note(world, id, Crm(failure))
    job_says(world, "job_own", invoiced=False)
    crm = Crm()
    undone_note(world, id, crm)
    assert len(crm.notes) == told


def test_undone_before_the_first_note_nothing_is_noted() -> None:
    world, id = used("smartmoving")
    job_says(world, "job_own", invoiced=False)
    crm = Crm()
    assert (note(world, id, crm), undone_note(world, id, crm), crm.notes) == (None, None, [])


def test_an_answer_that_comes_after_the_next_turn_began_is_not_taken_for_its_own() -> None:
    world, id = used("smartmoving")

    class Slow(Crm):
        def add_note(self, external_id: str, text: str) -> str:
            if not self.notes:
                job_says(world, "job_own", cancelled=True)
                job_says(world, "job_own", cancelled=False)
            return super().add_note(external_id, text)

    crm = Slow()
    assert note(world, id, crm) is None
    assert note(world, id, crm) == "done"
    assert len(crm.notes) == 2


def test_a_crm_without_notes_leaves_it_to_the_task() -> None:
    world, id = used("generic")
    crm = Crm()
    assert (note(world, id, crm), crm.notes) == ("not_possible", [])
