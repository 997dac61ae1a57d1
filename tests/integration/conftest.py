"""The embedded AWS for tests: one cloud per test process, with its own folder and ports."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from infra.local.cloud import Cloud, running_cloud
from infra.local.layout import REPOSITORY
from infra.local.processes import listens

FIRST_PORT = 21_000
PORTS_PER_CLOUD = 10


def free_port_base(first: int) -> int:
    """The first base at or after `first` whose ports nobody listens on. Stable, so that the assembly stays valid."""
    for base in range(first, first + 2_000, PORTS_PER_CLOUD):
        if not any(listens(base + offset) for offset in range(4)):
            return base
    raise RuntimeError(f"no free ports from {first} on")


def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def worker_number() -> int:
    digits = "".join(filter(str.isdigit, worker_name()))
    return int(digits) + 1 if digits else 0


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The whole product, deployed and seeded. Tests share it: use organizations, phones and ids of your own.

    At the end no function has been refused anything that its role should allow, whatever the tests saw of it.
    """
    base = free_port_base(FIRST_PORT + worker_number() * 2 * PORTS_PER_CLOUD)
    with running_cloud(REPOSITORY / ".local" / f"test-{worker_name()}", base) as running:
        yield running
        assert refusals(running) == []


def refusals(cloud: Cloud) -> list[str]:
    """Also what a function was refused and got over: a sweeper that may not send hides until it is needed."""
    lines = (line for file in cloud.layout.logs.glob("*.log") for line in file.read_text().splitlines())
    return [line[-400:] for line in lines if "AccessDenied" in line or "is not authorized to perform" in line]
