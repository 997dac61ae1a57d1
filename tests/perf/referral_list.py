"""Runs inside a measured process: `python -m tests.perf.referral_list plant COUNT | fire`, AWS from the environment.

`plant` makes an organization with two pages of referrals and COUNT older ones; it tells what to ask for. `fire` reads
such a list, asks the API for both pages each time, and tells of the last what was asked of AWS.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from api.handler import handler
from moref.aws.compose import build, composed
from moref.kernel.env import Api
from moref.records import Create, get
from moref.referrals.model import Referral
from moref.runtime import Runtime
from moref.signin.tokens import issue
from moref.tenants.model import Member, Organization
from tests.perf.crowd import Still, asking, crowd

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
ORG, MEMBER = "org_1", "mem_1"
PAGE, RUNS = 50, 5


def plant(runtime: Runtime, count: int) -> list[str]:
    common: Any = {"organization_id": ORG, "created_at": NOW, "updated_at": NOW}
    runtime.store.commit(
        Create(Organization(**common, id=ORG, name="Bluebird Moving")),
        Create(Member(**common, id=MEMBER, email="olga@bluebird.test", name="Olga Owner", role="owner")),
    )
    rows = []
    for place in range(2 * PAGE + 2):  # whether there is a third page is seen by one row more
        at = NOW - timedelta(seconds=place)
        rows.append(
            Referral(
                organization_id=ORG, id=f"ref_{place:04}", created_at=at, updated_at=at, location_id="loc_1",
                advocate_id="adv_1", contact_id=f"con_{place:04}", code="CODE",
            )
        )  # fmt: skip
    for row in rows:
        runtime.store.commit(Create(row))
    crowd(runtime, rows[-1], count)
    return [f"/v1/referrals?limit={PAGE}"] * RUNS


def fire(runtime: Runtime, wanted: list[str]) -> dict[str, int]:
    composed[Api] = runtime
    owner = get(runtime.store, Member, ORG, MEMBER)
    token = issue(runtime, owner, signed_in_at=NOW)
    asked = asking()
    for target in wanted:
        asked.update(calls=0, bytes=0)
        first = _get(target, token)
        _get(f"{target}&cursor={first['next_cursor']}", token)
    return asked


def _get(target: str, token: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    answer = handler(
        {
            "version": "2.0", "routeKey": "ANY /v1/{proxy+}", "rawPath": path, "rawQueryString": query, "body": "",
            "headers": {"authorization": f"Bearer {token}"}, "isBase64Encoded": False,
            "requestContext": {"requestId": "bench", "stage": "$default", "http": http},
        },
        None,
    )  # fmt: skip
    if answer["statusCode"] != 200:
        raise RuntimeError(answer["body"])
    page: dict[str, Any] = json.loads(answer["body"])
    if len(page["items"]) != PAGE:
        raise RuntimeError(f"a page of {len(page['items'])}")
    return page


if __name__ == "__main__":
    made = build(Api.from_env(), clock=Still(NOW))
    told = plant(made, int(sys.argv[2])) if sys.argv[1] == "plant" else fire(made, json.load(sys.stdin))
    sys.stdout.write("\n" + json.dumps(told) + "\n")
