"""Streams behave as on AWS: a poison record is set aside and the others go on."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import Cloud
from tests.integration.local import probe_stack

pytestmark = pytest.mark.cloud


def _batches(cloud: Cloud, prefix: str) -> list[list[str]]:
    cloud.clock.drain()
    found = [note["keys"] for note in probe_stack.notes(cloud, "batch")]
    return [keys for keys in found if any(prefix in key for key in keys)]


def test_a_poison_record_is_isolated_tried_three_times_and_set_aside(probe: Cloud) -> None:
    probe_stack.put(probe, *[f"fine-a{number}" for number in range(3)], "raise-a", *[f"fine-b{n}" for n in range(3)])
    batches = _batches(probe, "-")
    alone = [keys for keys in batches if keys == ["raise-a"]]
    assert len(alone) == 3
    passed = {key for keys in batches if "raise-a" not in keys for key in keys}
    assert {"fine-a0", "fine-a1", "fine-a2", "fine-b0", "fine-b1", "fine-b2"} <= passed
    failed: list[dict[str, Any]] = probe_stack.messages_in(probe, "probe-failed")
    assert [record["requestContext"]["condition"] for record in failed] == ["RetryAttemptsExhausted"]
    assert failed[0]["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_partial_failure_is_no_success(probe: Cloud) -> None:
    probe_stack.put(probe, "partial-c")
    assert _batches(probe, "partial-c") == [["partial-c"]] * 3
    assert len(probe_stack.messages_in(probe, "probe-failed")) == 1


def test_later_records_are_read_after_a_poison_one(probe: Cloud) -> None:
    probe_stack.put(probe, "raise-d")
    probe_stack.put(probe, "fine-d")
    assert ["fine-d"] in _batches(probe, "fine-d")
    probe_stack.messages_in(probe, "probe-failed")
