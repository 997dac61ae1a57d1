"""An office that brings files: through the API, with the bulk queue worked off by hand."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from bulk_worker.handler import work
from infra import openapi
from moref.aws.compose import composed
from moref.imports.model import Import
from moref.records import get
from tests.fakes.files import FakeFiles
from tests.unit.api.world import World


@pytest.fixture(scope="session", autouse=True)
def published() -> None:
    openapi.write()


class Office:
    def __init__(self) -> None:
        self.world = World()
        self.runtime, self.store, self.clock = self.world.runtime, self.world.store, self.world.clock
        self.org, self.place = self.world.a.organization_id, self.world.a.location_id
        self.files = cast(FakeFiles, self.runtime.files)
        self._heard = 0

    def ask(self, kind: str, csv: str | None = None, *, token: str | None = None, **options: Any) -> dict[str, Any]:
        body = {"kind": kind, "location_id": self.place, **({"csv": csv} if csv is not None else {}), **options}
        answer = self.world.call("POST", "/imports", body, token=token)
        assert answer.status == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def work(self) -> None:
        """Everything that waits on the bulk queue, as often as it sends itself on."""
        while self._heard < len(self.store.events):
            event = self.store.events[self._heard]
            self._heard += 1
            if event["name"] in ("import.asked", "import.started"):
                work(self.runtime, event)
        queues = cast(Any, self.runtime.queues)
        while queues.sent:
            _, message = queues.sent.pop(0)
            work(self.runtime, message)

    def read(self, id: str) -> dict[str, Any]:
        answer = self.world.call("GET", f"/imports/{id}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json()
        for name in ("counts", "checked"):
            found[name] = {what: count for what, count in found[name].items() if count}
        return found

    def checked(self, kind: str, csv: str, **options: Any) -> dict[str, Any]:
        id = self.ask(kind, csv, **options)["id"]
        self.work()
        return self.read(id)

    def start(self, id: str, **caller: Any) -> dict[str, Any]:
        answer = self.world.call("POST", f"/imports/{id}/start", **caller)
        assert answer.status == 200, answer.text
        self.work()
        return self.read(id)

    def brought(self, kind: str, csv: str, **options: Any) -> dict[str, Any]:
        one = self.checked(kind, csv, **options)
        assert one["status"] == "checked", one
        return self.start(one["id"])

    def row(self, id: str) -> Import:
        return get(self.store, Import, self.org, id)

    def rejected(self, id: str) -> str:
        key = self.row(id).rejected_file
        assert key is not None
        return (self.files.get(key) or b"").decode("utf-8-sig")


@pytest.fixture
def office() -> Iterator[Office]:
    before = dict(composed)
    yield Office()
    composed.clear()
    composed.update(before)
