"""Runs inside a measured process: `python -m tests.perf.payout_step plant COUNT | fire`, AWS and provider from the
environment.

`plant` makes an organization with rewards whose release is due, and COUNT released ones that wait to be paid, all of
one advocate; it tells the due ones. `fire` reads such a list, releases and pays each, and tells of the last what was
asked of AWS.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from moref.aws.compose import build
from moref.intake.model import Contact
from moref.kernel.env import PayoutWorker
from moref.kernel.keys import GLOBAL
from moref.records import Create, get
from moref.rewards import ledger
from moref.rewards.model import Entry, OpenPayout, Payout, Reward, payout_id
from moref.rewards.release import release
from moref.rewards.start_payout import PROVIDER, listed, start_payout
from moref.rewards.work import work
from moref.runtime import Runtime
from moref.tenants.model import Organization, VendorAccount
from tests.perf.crowd import Still, asking, crowd

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
ORG = "org_1"
KEY = "TEST_bench"
DUE = 5
LATER = timedelta(minutes=10)  # from approval to release
PACE = timedelta(seconds=1)  # between two payouts: the slot of the credential is free then


def plant(runtime: Runtime, count: int) -> list[tuple[str, str]]:
    common: Any = {"organization_id": ORG, "created_at": NOW, "updated_at": NOW}
    sealed = runtime.vault.seal(ORG, f"vendor:{PROVIDER}", json.dumps({"api_key": KEY}).encode())
    runtime.store.commit(
        Create(Organization(**common, id=ORG, name="Bluebird Moving")),
        Create(
            VendorAccount(**common, id=PROVIDER, vendor="tremendous", secret_ciphertext=sealed, hook_token="bench")
        ),
        Create(
            Contact(
                **common, id="con_1", location_id="loc_1", first_name="Ann", last_name="Lee",
                email="ann@example.test", person_keys=[],
            )
        ),
    )  # fmt: skip
    _register(json.loads(runtime.settings.vendor_urls)[PROVIDER])
    due = [(_owed(runtime, place).id, (NOW + LATER + place * PACE).isoformat()) for place in range(DUE)]
    _others(runtime, count)
    return due


def _register(address: str) -> None:
    account = {"vendor": PROVIDER, "api_key": KEY, "url": "http://127.0.0.1:1/", "secret": "bench"}
    desk = address.partition(f"/{PROVIDER}/")[0]
    requests.post(f"{desk}/_register", json=account, timeout=10).raise_for_status()


def _owed(runtime: Runtime, place: int) -> Reward:
    """Approved, accrued, and on the list of what is not paid yet."""
    reward = Reward(
        organization_id=ORG, id=f"rwd_{place}", created_at=NOW, updated_at=NOW, advocate_id="adv_1",
        contact_id="con_1", conversion_id=f"cnv_{place}", location_id="loc_1", legal_entity_id="ent_1", amount=2500,
        currency="USD", approved_at=NOW, release_at=NOW + LATER,
    )  # fmt: skip
    runtime.store.commit(Create(reward), ledger.book(reward, "accrued", NOW), listed(runtime, reward))
    return reward


def _others(runtime: Runtime, count: int) -> None:
    """Released and frozen, and no slot for them yet."""
    one = _owed(runtime, DUE)
    clock = runtime.clock
    assert isinstance(clock, Still)
    clock.at = NOW + LATER
    release(runtime, ORG, one.id)
    start_payout(runtime, ORG, one.id)
    waits = get(runtime.store, Payout, ORG, payout_id(ORG, one.id))
    crowd(runtime, get(runtime.store, Reward, ORG, one.id), count)
    crowd(runtime, get(runtime.store, Entry, ORG, f"{one.id}.accrued"), count)
    crowd(runtime, get(runtime.store, OpenPayout, GLOBAL, waits.id), count)
    crowd(runtime, waits, count)


def fire(runtime: Runtime, due: list[tuple[str, str]]) -> dict[str, int]:
    asked = asking()
    clock = runtime.clock
    assert isinstance(clock, Still)
    for reward_id, at in due:
        clock.at = datetime.fromisoformat(at)
        asked.update(calls=0, bytes=0)
        release(runtime, ORG, reward_id)
        work(runtime, {"name": "reward.released", "organization_id": ORG, "subject": reward_id})
        spent = dict(asked)
        payout = get(runtime.store, Payout, ORG, payout_id(ORG, reward_id))
        if payout.status != "accepted":
            raise RuntimeError(f"not paid: {payout.status}, {payout.reason}")
    return spent


if __name__ == "__main__":
    made = build(PayoutWorker.from_env(), clock=Still(NOW))
    told = plant(made, int(sys.argv[2])) if sys.argv[1] == "plant" else fire(made, json.load(sys.stdin))
    sys.stdout.write("\n" + json.dumps(told) + "\n")
