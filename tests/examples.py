"""The examples of the OpenAPI document: each is a call of the API in a small world, and the answer it really brings.

`python -m tests.examples` writes them down anew; a test executes every one and compares. The world is made afresh for
each call, with time and chance standing still, so that answers are equal to the letter.
"""

import hashlib
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moref.api import allowance
from moref.api.examples import FILE, Example
from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from moref.aws.compose import composed
from tests.unit.api.test_isolation import BODIES, NO_TENANTS_ID, resource
from tests.unit.api.world import World

KEY = "b3f1c0de-example"
PLACE = "{location}"  # in a body: the world's branch
PAYER = "{legal_entity}"
# Bodies of what names no row; the others are those of the isolation tests.
MORE: dict[str, Any] = {
    "POST /v1/sign-in/code": {"email": "olga@bluebird.example.com"},
    "PATCH /v1/organization": {"version": 1, "name": "Bluebird Moving & Storage"},
    "POST /v1/locations": {
        "name": "Bluebird Moving Dallas", "legal_entity_id": PAYER, "time_zone": "America/Chicago", "state": "TX",
        "postal_address": "12 Elm St, Dallas TX 75201", "staff_email": "dallas@bluebird.example.com",
        "review_url": "https://reviews.example.com/bluebird-dallas",
    },
    "POST /v1/legal-entities": {"name": "Bluebird Dallas LLC", "ein": "12-3456789"},
    "POST /v1/invitations": {"email": "max@bluebird.example.com", "name": "Max", "role": "member"},
    "POST /v1/api-keys": {"name": "Website", "scopes": ["referrals:read"]},
    "POST /v1/organizations": {
        "request_id": "signup-1", "name": "Finch Moving", "owner_name": "Fay Owner",
        "location": {
            "name": "Finch Moving Boise", "time_zone": "America/Boise", "state": "ID",
            "postal_address": "3 Main St, Boise ID 83702", "staff_email": "office@finch.example.com",
            "review_url": "https://reviews.example.com/finch",
        },
    },
    "POST /v1/organization/close": {"reason": "we have sold the company"},
    "POST /v1/connections/generic": {"request_id": "crm-2", "name": "Our CRM", "default_location_id": PLACE},
    "POST /v1/connections/{id}/test-event": {
        "event": {
            "job": {"id": "J-1"}, "customer": {"first_name": "Ann", "email": "ann@example.com"},
            "facts": [{"kind": "completed", "value": True, "at": "2026-06-02T14:00:00Z"}],
        },
    },
    "POST /v1/unmatched-sources/dismiss": {"ids": ["src_1"], "reason": "a newspaper"},
    "POST /v1/do-not-contact/import": {"csv": "phone\n+15125550177\n", "dry_run": True},
    "PUT /v1/vendor-accounts/twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "not-a-real-token-0000000000000"},
    "PUT /v1/vendor-accounts/tremendous": {
        "api_key": "TEST_not_a_real_key", "webhook_secret": "not-a-real-secret", "funding_source_id": "BALANCE",
    },
    "PUT /v1/ad-spend/{id}": {"version": 0, "amount": 150000, "currency": "USD"},
    "POST /v1/ledger/closed-months": {"legal_entity_id": PAYER, "month": "2026-04"},
    "POST /v1/goodwill/approve": {"ids": ["gdw_1"]},
    "POST /v1/imports": {"kind": "contacts", "location_id": PLACE, "csv": "first name,email\nAnn,ann@example.com\n"},
    "POST /v1/advocates/archive": {"ids": ["adv_1"]},
    "POST /v1/inbox/replay": {"since": "2026-06-01T00:00:00Z", "until": "2026-06-03T00:00:00Z"},
    "POST /v1/conversions/approve": {"ids": ["cnv_1"], "reason": "checked by phone"},
    "POST /v1/conversions/reject": {"ids": ["cnv_1"], "reason": "the customer moved back"},
    "POST /v1/programs": {"name": "Dallas rewards", "location_id": PLACE, "tiers": [{"at": 1, "amount": 2500}]},
    "POST /v1/tariff-items": {"item": "130", "valid_from": "2026-06-01T00:00:00Z"},
    "POST /v1/budgets": {"location_id": PLACE, "amount": 500000, "currency": "USD"},
    "POST /v1/advocates": {
        "kind": "partner", "location_id": PLACE, "first_name": "Rita", "last_name": "Realtor",
        "email": "rita@example.com",
    },
    "POST /v1/partners": {
        "location_id": PLACE, "partner_type": "property_manager", "first_name": "Maple Homes",
        "email": "ana@example.com",
    },
    "POST /v1/crew-members": {"name": "Sam", "location_id": PLACE},
    "POST /v1/people/search": {"q": "ann"},
    "POST /v1/disputes": {"advocate_id": "adv_1", "job_id": "job_1", "claim": "I gave them your number in May"},
    "POST /v1/messages/read": {"ids": ["msg_1"]},
    "POST /v1/feedback/handled": {"ids": ["fb_1"]},
    "POST /v1/tasks/done": {"ids": ["task_1"]},
    "POST /v1/campaigns": {"name": "Win back"},
    "PUT /v1/switches/{id}": {"reason": "bank holiday"},
}  # fmt: skip


def body_of(world: World, operation: Operation) -> Any:
    body = MORE.get(operation.route, BODIES.get(operation.route, {} if operation.body is not None else None))
    text = json.dumps(body).replace(PLACE, world.a.location_id)
    return json.loads(text.replace(PAYER, world.legal_entity(world.a)) if PAYER in text else text)


def executed(operation: Operation) -> tuple[Example, int]:
    """The call and what it brought, with its status."""
    with still():
        world = World()
        id = world.fill(world.a)[resource(operation)] if _by_id(operation) else "payouts"
        allowance.kept.clear()
        path = operation.path.replace("{id}", id)
        body = body_of(world, operation)
        token = world.person_token("olga@bluebird.example.com") if operation.access == "person" else world.token()
        key = None if operation.idempotency == "none" else KEY
        answer = world.call(operation.method, path.removeprefix("/v1"), body, token=token, key=key)
    told = answer.text if operation.produces == "text/csv" else (answer.json() if answer.text else None)
    return Example(path, body, told), answer.status


def _by_id(operation: Operation) -> bool:
    return "{id}" in operation.path and operation.route not in NO_TENANTS_ID


@contextmanager
def still() -> Iterator[None]:
    """Nothing random differs from run to run, and what was composed before comes back."""
    before, count = dict(composed), itertools.count()

    def chance(size: int) -> bytes:
        return hashlib.shake_256(str(next(count)).encode()).digest(size)

    try:
        # `secrets` took its source of chance when it was imported.
        with (
            patch.object(os, "urandom", chance),
            patch.object(random, "_urandom", chance),
            patch.object(time, "time_ns", lambda: 1_780_412_400_000_000_000),
        ):
            yield
    finally:
        composed.clear()
        composed.update(before)


def all_that_succeed() -> dict[str, Any]:
    found = {}
    for operation in OPERATIONS:
        if operation.produces in ("application/json", "text/csv"):
            example, status = executed(operation)
            if status == operation.status:
                found[operation.route] = example.as_json()
    return found


if __name__ == "__main__":
    written = all_that_succeed()
    FILE.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(written)} of {len(OPERATIONS)} operations have an example\n")
