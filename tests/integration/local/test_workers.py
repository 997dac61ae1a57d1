"""Lambda workers: speed of a silent handler, and logs that a person can find."""

from __future__ import annotations

import json
import time

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.status import report

pytestmark = pytest.mark.cloud


def test_a_silent_handler_answers_without_the_50_ms_wait(probe: Cloud) -> None:
    times = []
    with requests.Session() as session:
        for _ in range(15):
            began = time.perf_counter()
            assert session.get(f"{probe.url}/silent", timeout=30).status_code == 204
            times.append(time.perf_counter() - began)
    assert min(times) < 0.045  # the unpatched wait alone takes 50 ms


def test_a_function_gets_three_times_its_timeout_and_no_more(probe: Cloud) -> None:
    functions = probe.boto("lambda")
    patient = functions.invoke(FunctionName="probe-slow", Payload=b'{"seconds": 1.3}')
    assert "FunctionError" not in patient
    hanging = functions.invoke(FunctionName="probe-slow", Payload=b'{"seconds": 30}')
    assert hanging["FunctionError"]
    assert "timed out" in json.loads(hanging["Payload"].read())["errorMessage"]


def _log(cloud: Cloud, function: str) -> str:
    return (cloud.layout.logs / f"{function}.log").read_text()


def test_log_lines_and_tracebacks_are_in_the_functions_own_file(probe: Cloud) -> None:
    assert requests.get(f"{probe.url}/echo/crash", timeout=30).status_code == 502
    text = _log(probe, "probe-echo")
    assert "RuntimeError: crashed on purpose" in text
    assert "probe_functions" in text or "index.py" in text


def test_a_report_names_processes_and_dead_letters(probe: Cloud) -> None:
    sqs = probe.boto("sqs")
    url = sqs.get_queue_url(QueueName="probe-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody='{"name": "left over"}')
    lines = report(probe.layout)
    assert any(line.startswith("emulator") and "pid" in line for line in lines)
    assert any("probe-dead: 1" in line and "left over" in line for line in lines)
    sqs.purge_queue(QueueUrl=url)
