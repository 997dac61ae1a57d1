"""The demo's story is a test: what `make demo` tells a stranger is checked on every run."""

import pytest

from infra.local.cloud import running_cloud
from infra.local.demo.driver import Driver
from infra.local.demo.story import Story
from infra.local.layout import REPOSITORY
from tests.integration.conftest import FIRST_PORT, free_port_base, worker_name

pytestmark = pytest.mark.cloud


def test_a_completed_job_becomes_a_paid_referral_and_what_goes_wrong_goes_wrong_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = REPOSITORY / ".local" / f"test-story-{worker_name()}"
    with running_cloud(directory, free_port_base(FIRST_PORT + 400)) as cloud:
        Story(Driver(cloud.outputs)).tell()
    assert "One order, one reward of $25 to Maria" in capsys.readouterr().out
