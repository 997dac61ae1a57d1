"""One reward is paid at most once, whatever fails, on the embedded AWS: lost answers, refusals, killed workers."""

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from tests.integration.flows import UNDO, approve, payout_of, pending_conversion

pytestmark = pytest.mark.cloud
_numbers = itertools.count()
_DONE = {"accepted", "delivered"}


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def orders_of(driver: Driver, payout: dict[str, Any]) -> list[dict[str, Any]]:
    return [order for order in driver.orders() if order["external_id"] == payout["id"]]


def paid(driver: Driver, conversion: dict[str, Any]) -> dict[str, Any] | None:
    payout = payout_of(driver, conversion)
    return payout if payout and payout["status"] in _DONE else None


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "http_500", "http_429", "http_402", "timeout"])
def test_a_fault_of_the_provider_ends_in_exactly_one_order(driver: Driver, fault: str) -> None:
    conversion = pending_conversion(driver, f"fault-{fault}", next(_numbers))
    driver.fault("tremendous", fault)
    approve(driver, conversion["id"], conversion["id"])
    driver.move(3600)
    payout = driver.wait_for(f"paid after {fault}", lambda: paid(driver, conversion))
    assert len(orders_of(driver, payout)) == 1
    assert payout["amount"] == 2500
    assert sum(row["amount"] for row in driver.items("/ledger/balances")) == 0


def test_a_status_never_seen_is_kept_with_its_order_and_never_ordered_again(driver: Driver) -> None:
    conversion = pending_conversion(driver, "unseen", next(_numbers))
    driver.fault("tremendous", "unknown_status")
    approve(driver, conversion["id"], conversion["id"])

    def stored() -> dict[str, Any] | None:
        payout = payout_of(driver, conversion)
        return payout if payout and payout["order_id"] else None

    payout = driver.wait_for("the order id", stored)
    assert payout["status"] not in _DONE
    driver.move(2 * 3600)
    assert len(orders_of(driver, payout)) == 1


def workers_of(cloud: Cloud, function: str) -> list[int]:
    """Process ids of a function's workers, found by the environment they were started with."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue  # ended meanwhile, or not ours to read
        here = str(cloud.layout.port_base + 2).encode() in environ
        if here and f"AWS_LAMBDA_FUNCTION_NAME=moref-local-{function}".encode() in environ:
            found.append(int(entry.name))
    return found


def test_a_worker_killed_while_the_provider_has_the_order_leaves_one_order(cloud: Cloud, driver: Driver) -> None:
    conversion = pending_conversion(driver, "killed", next(_numbers))
    driver.fault("tremendous", "timeout")  # the order is made; the answer hangs while the worker is killed
    before = len(driver.orders())
    approve(driver, conversion["id"], conversion["id"], released=False)
    driver.move(UNDO - 5)  # the last seconds pass by themselves: a moved clock waits until nothing runs any more
    driver.wait_for("the order at the provider", lambda: len(driver.orders()) > before)
    pids = workers_of(cloud, "payout_worker")
    assert pids, "a worker to kill"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    driver.move(3600)
    payout = driver.wait_for("paid after the kill", lambda: paid(driver, conversion))
    assert len(orders_of(driver, payout)) == 1
