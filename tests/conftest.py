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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a worker takes at once (`make test` runs two): such a folder, else a file."""
    for item in items:
        place = item.path.relative_to(HERE).as_posix()
        group = next((folder for folder in TOGETHER if place.startswith(f"{folder}/")), place)
        item.add_marker(pytest.mark.xdist_group(group))
