"""Failures on demand are failures on the wire, as a real client meets them."""

from __future__ import annotations

import pytest
import requests

from infra.local.cloud import Cloud

pytestmark = pytest.mark.cloud


def _order_fault(cloud: Cloud, kind: str) -> None:
    requests.post(f"{cloud.desk}/_faults", params={"vendor": "crm", "kind": kind}, timeout=30).raise_for_status()


def _leads(cloud: Cloud) -> int:
    return len(requests.get(f"{cloud.desk}/crm/leads", timeout=30).json()["leads"])


def test_a_lead_is_taken(probe: Cloud) -> None:
    before = _leads(probe)
    assert requests.post(f"{probe.desk}/crm/leads", json={"name": "Ada"}, timeout=30).status_code == 200
    assert _leads(probe) == before + 1


def test_a_lost_answer_closes_the_connection_after_the_effect(probe: Cloud) -> None:
    before = _leads(probe)
    _order_fault(probe, "lost_answer")
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{probe.desk}/crm/leads", json={"name": "Ada"}, timeout=30)
    assert _leads(probe) == before + 1


def test_a_truncated_answer_is_a_broken_body(probe: Cloud) -> None:
    _order_fault(probe, "truncated")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        requests.post(f"{probe.desk}/crm/leads", json={"name": "Ada"}, timeout=30)


def test_a_hanging_vendor_runs_into_the_callers_timeout(probe: Cloud) -> None:
    _order_fault(probe, "timeout")
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{probe.desk}/crm/leads", json={"name": "Ada"}, timeout=0.3)


def test_a_refusal_and_its_record(probe: Cloud) -> None:
    _order_fault(probe, "http_500")
    assert requests.post(f"{probe.desk}/crm/leads", json={"name": "Ada"}, timeout=30).status_code == 500
    last = requests.get(f"{probe.desk}/_requests?vendor=crm", timeout=30).json()[-1]
    assert (last["status"], last["fault"], last["body"], last["valid"]) == (500, "http_500", {"name": "Ada"}, None)
