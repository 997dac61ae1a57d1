"""`down` and `up` keep data, the clock, and the flow of stream records."""

from __future__ import annotations

import pytest

from infra.local import processes
from infra.local.cloud import running_bare
from infra.local.layout import REPOSITORY
from tests.integration.local import probe_stack
from tests.integration.local.conftest import bare_place

pytestmark = pytest.mark.cloud


def test_a_stopped_cloud_goes_on_where_it_was() -> None:
    name, base = bare_place("restart", 1)
    with running_bare(REPOSITORY / ".local" / name, base) as cloud:
        probe_stack.deploy(cloud)
        probe_stack.put(cloud, *[f"fine-{number}" for number in range(5)])
        cloud.clock.drain()
        cloud.clock.advance(86400)
        before = cloud.clock.now()

        processes.stop(cloud.layout)
        assert [process.pid(cloud.layout) for process in processes.PROCESSES] == [None, None, None]
        processes.start(cloud.layout)

        assert cloud.clock.now() >= before
        probe_stack.put(cloud, "fine-after")
        cloud.clock.drain()
        assert any("fine-after" in note["keys"] for note in probe_stack.notes(cloud, "batch"))
