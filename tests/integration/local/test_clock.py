"""Moving time: everybody follows, and a story of several days happens in its order."""

from __future__ import annotations

import json
import time

import pytest
import requests

from infra.local.cloud import Cloud
from tests.integration.local import probe_stack

pytestmark = pytest.mark.cloud
HOUR, DAY = 3600, 86400


def test_functions_see_the_moved_clock_at_once(probe: Cloud) -> None:
    requests.get(f"{probe.url}/echo/warm", timeout=30)
    before = probe.clock.now()
    probe.clock.advance(3 * DAY)
    seen = requests.get(f"{probe.url}/echo/x", timeout=30).json()["now"]
    assert abs(seen - (before.timestamp() + 3 * DAY)) < 30
    assert abs(seen - probe.clock.now().timestamp()) < 5


def test_three_days_with_nothing_due_pass_in_two_seconds(probe: Cloud) -> None:
    probe.clock.advance(HOUR)  # the function behind the 15-minute rule is warm after this
    began = time.monotonic()
    probe.clock.advance(3 * DAY)
    assert time.monotonic() - began < 2


def test_a_15_minute_rule_fires_when_15_minutes_have_passed(probe: Cloud) -> None:
    probe.clock.advance(15 * 60)
    before = len(probe_stack.notes(probe, "tick"))
    probe.clock.advance(14 * 60)
    assert len(probe_stack.notes(probe, "tick")) == before
    probe.clock.advance(60)
    assert len(probe_stack.notes(probe, "tick")) == before + 1


def test_a_smaller_step_lets_a_rule_fire_each_time(probe: Cloud) -> None:
    before = len(probe_stack.notes(probe, "tick"))
    probe.clock.advance(4 * 15 * 60, step=15 * 60 + 1)
    assert len(probe_stack.notes(probe, "tick")) - before >= 3


def test_schedules_of_several_days_fire_once_each_in_order_and_on_time(probe: Cloud) -> None:
    start = probe.clock.now().timestamp()
    # Made in the wrong order; the first one makes another that is due between the second and the third.
    probe_stack.schedule(probe, start + 3 * DAY, "order-4")
    probe_stack.schedule(probe, start + 2 * HOUR, "order-1", again_in=30 * HOUR)
    probe_stack.schedule(probe, start + 5 * HOUR, "order-2")
    probe.clock.advance(4 * DAY)
    fired = [note for note in probe_stack.notes(probe, "work") if note["message"]["name"].startswith("order-")]
    assert [note["message"]["name"] for note in fired] == ["order-1", "order-2", "order-1'", "order-4"]
    for note, due in zip(fired, (2 * HOUR, 5 * HOUR, 32 * HOUR, 3 * DAY), strict=True):
        assert -1 <= note["at"] - (start + due) < 10


def test_nothing_fires_early(probe: Cloud) -> None:
    start = probe.clock.now().timestamp()
    probe_stack.schedule(probe, start + 2 * HOUR, "early")
    probe.clock.advance(2 * HOUR - 60)
    assert not [note for note in probe_stack.notes(probe, "work") if note["message"]["name"] == "early"]
    probe.clock.advance(120)
    assert [note for note in probe_stack.notes(probe, "work") if note["message"]["name"] == "early"]


def test_delayed_and_failed_messages_come_back_in_their_time(probe: Cloud) -> None:
    sqs = probe.boto("sqs")
    url = sqs.get_queue_url(QueueName="probe-work")["QueueUrl"]
    start = probe.clock.now().timestamp()
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"name": "later"}), DelaySeconds=600)
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"name": "poison", "do": "raise"}))
    probe.clock.advance(HOUR)
    seen = [note for note in probe_stack.notes(probe, "work") if note["at"] >= start]
    tries = [note["at"] - start for note in seen if note["message"]["name"] == "poison"]
    assert len(tries) == 2
    assert 55 < tries[1] - tries[0] < 75
    later = [note["at"] - start for note in seen if note["message"]["name"] == "later"]
    assert len(later) == 1
    assert 595 < later[0] < 615
    assert [body["name"] for body in probe_stack.messages_in(probe, "probe-dead")] == ["poison"]


def test_time_does_not_go_back(probe: Cloud) -> None:
    assert requests.post(f"{probe.desk}/clock?seconds=-1", timeout=30).status_code == 400
    assert requests.post(f"{probe.desk}/clock", timeout=30).status_code == 400
