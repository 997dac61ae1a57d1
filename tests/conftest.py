"""For every test: a machine that is busy with something else fails none of them, and two workers share them well."""

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
# These folders set up something costly once: it stays with one worker.
TOGETHER = ("browser", "contract", "infra", "integration/local")
# The longest begin, so that two workers end together; and sixty nights are shorter while few live in the cloud.
FIRST = ("integration/test_sixty_days.py", "integration/test_restore_rehearsal.py", "contract")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a worker takes at once (`make test` runs two): such a folder, else a file."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: FIRST.index(_group(item)) if _group(item) in FIRST else len(FIRST))


def _group(item: pytest.Item) -> str:
    place = item.path.relative_to(HERE).as_posix()
    return next((folder for folder in TOGETHER if place.startswith(f"{folder}/")), place)
