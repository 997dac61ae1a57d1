from collections.abc import Iterator

import pytest

from moref.aws.compose import composed
from tests.unit.api.world import World


@pytest.fixture
def world() -> Iterator[World]:
    before = dict(composed)
    yield World()
    composed.clear()
    composed.update(before)
