"""An embedded AWS with the probe stack only, so that these tests need no synthesis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.cloud import Cloud, running_bare
from infra.local.layout import REPOSITORY
from tests.integration.conftest import FIRST_PORT, PORTS_PER_CLOUD, free_port_base, worker_name, worker_number
from tests.integration.local import probe_stack


def bare_place(purpose: str, offset: int) -> tuple[str, int]:
    first = FIRST_PORT + 5_000 + (worker_number() * 4 + offset) * PORTS_PER_CLOUD
    return f"{purpose}-{worker_name()}", free_port_base(first)


@pytest.fixture(scope="session")
def probe() -> Iterator[Cloud]:
    name, base = bare_place("probe", 0)
    with running_bare(REPOSITORY / ".local" / name, base) as cloud:
        probe_stack.deploy(cloud)
        yield cloud
