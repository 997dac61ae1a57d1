"""The doors under load, short: nothing lost, nothing doubled, few writes of one row. `make bench` runs it long."""

from collections.abc import Iterator

import pytest

from infra.local.cloud import Cloud, running_cloud
from infra.local.layout import REPOSITORY
from tests.integration.conftest import FIRST_PORT, free_port_base, worker_name, worker_number
from tests.perf.load_clicks import click_burst
from tests.perf.load_webhooks import intake_flow, outage
from tests.perf.proxy import fault_proxy

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """One that takes requests whose host is not the signed one: the fault proxy has another."""
    directory = REPOSITORY / ".local" / f"test-doors-{worker_name()}"
    with running_cloud(
        directory, free_port_base(FIRST_PORT + 800 + worker_number() * 20), enforce_iam=False
    ) as running:
        yield running


def test_a_burst_of_clicks_is_stored_and_counted_once_in_few_writes(cloud: Cloud) -> None:
    seen = click_burst(cloud, 200)
    assert (seen.answered, seen.stored, seen.counted) == (200, 200, 200)
    assert 1 <= seen.writes <= 5  # short bursts fill no batch; the long run holds one write for a hundred clicks


def test_a_stream_of_webhooks_has_its_effect_once(cloud: Cloud) -> None:
    seen = intake_flow(cloud, rate=10, seconds=3)
    assert (seen.accepted, seen.handled, seen.jobs, seen.touched_twice) == (30, 30, 30, 0)


def test_storage_that_fails_is_503_and_the_senders_retry_lands_once(cloud: Cloud) -> None:
    with fault_proxy(cloud.layout.aws_url) as (url, rules):
        seen = outage(cloud, url, rules)
    assert (seen.during, seen.retry_after) == (503, "5")
    assert (seen.after, seen.lost_answer) == (202, 202)
    assert (seen.rows, seen.jobs, seen.touched_twice) == (2, 2, 0)
