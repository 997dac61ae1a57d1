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
    """The whole product, deployed and seeded. Tests share it: use organizations, phones and ids of your own."""
    base = free_port_base(FIRST_PORT + worker_number() * 2 * PORTS_PER_CLOUD)
    strict = os.environ.get("MOREF_ENFORCE_IAM") == "1"
    with running_cloud(REPOSITORY / ".local" / f"test-{worker_name()}", base, enforce_iam=strict) as running:
        yield running
