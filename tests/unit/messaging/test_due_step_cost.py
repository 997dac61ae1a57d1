"""What a due step costs does not depend on how many others wait."""

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from moref.campaigns.model import Enrollment
from moref.campaigns.sweep import sweep_overdue as sweep_steps
from moref.messaging.sweep import sweep_overdue as sweep_messages
from moref.records import Page
from tests.fakes.memory_store import MemoryStore
from tests.unit.messaging.world import ORG, World, world


class Counted:
    """A store that notes each call, and how many rows it gave back."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.calls: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            found = method(*arguments, **options)
            rows = len(found.items) if isinstance(found, Page) else len(found) if isinstance(found, list) else 1
            self.calls.append((name, rows))
            return found

        return counted


def crowded(waiting: int) -> tuple[World, Counted]:
    """A customer whose question is due, and so many others of the organization with one due tomorrow."""
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    first = it.enrollment()
    other = first.model_copy(
        update={
            "steps": {
                name: run.model_copy(update={"due_at": run.due_at + timedelta(days=1)})
                for name, run in first.steps.items()
            }
        }
    )
    pk, _ = first.key()
    row = copy.deepcopy(it.store.rows["core", pk, "self"]) | other.index_keys() | {"data": other.data()}
    for place in range(waiting):
        key = f"{ORG}#{Enrollment.noun}#enr_other{place}"
        it.store.rows["core", key, "self"] = row | {"pk": key}
    counted = Counted(it.store)
    it.runtime = replace(it.runtime, store=counted)
    return it, counted


def cost(waiting: int) -> list[tuple[str, int]]:
    """Of firing the step and sending its message."""
    it, counted = crowded(waiting)
    it.move(hours=3)
    assert len(it.sms.sent) == 1
    return counted.calls


def test_firing_a_step_and_sending_its_message_asks_as_much_with_20_000_waiting_as_with_100() -> None:
    few = cost(100)
    assert few
    assert cost(20_000) == few


@pytest.mark.parametrize("sweep", [sweep_steps, sweep_messages])
def test_a_sweep_reads_what_is_late_and_no_other(sweep: Any) -> None:
    it, counted = crowded(500)
    it.clock.move(hours=3)
    sweep(it.runtime)
    assert sum(rows for name, rows in counted.calls if name == "list") <= 5
