"""For every test: a machine that is busy with something else fails none of them; and which come first."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),  # a new counterexample is found on a developer's machine, not in a release
)
settings.load_profile("patient")

HERE = Path(__file__).parent
# The longest begin, so that two workers (`make test`) end together; and sixty nights are shorter while few live in the
# cloud.
FIRST = ("integration/test_sixty_days.py", "integration/test_restore_rehearsal.py", "contract/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        place = item.path.relative_to(HERE).as_posix()
        return next((number for number, first in enumerate(FIRST) if place.startswith(first)), len(FIRST))

    items.sort(key=turn)
