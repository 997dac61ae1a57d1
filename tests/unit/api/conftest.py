from collections.abc import Iterator

import pytest

from infra import openapi
from moref.api import allowance
from moref.aws.compose import composed
from tests.unit.api.world import World


@pytest.fixture(scope="session", autouse=True)
def published() -> None:
    """The document and the docs page are made at synthesis; here by themselves."""
    openapi.write()


@pytest.fixture
def world() -> Iterator[World]:
    before = dict(composed)
    allowance.kept.clear()
    yield World()
    composed.clear()
    composed.update(before)
