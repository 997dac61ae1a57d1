"""Operations of staff on referrals, rewards' money and stored webhooks."""

import base64
import zlib
from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation
from moref.api.read import instant
from moref.api.resources import INBOX, LINK, PAYOUT
from moref.api.schemas import items_of, object_of
from moref.intake.model import ERASED, InboxEvent
from moref.kernel.errors import BadInput
from moref.kernel.webhook import LARGEST_BODY
from moref.referrals.model import Advocate
from moref.rewards.model import Payout
from moref.tenants.audit import audited
from moref.tenants.forms import Form, Identifier, Line
from moref.tenants.model import Location

REPLAY_LIMIT = 100  # webhooks a call; the answer says where to go on


class Cancellation(Form):
    reason: Line = Field(description="shown to staff; the reward fails and is not paid again by itself")


class LinkOf(Form):
    location_id: Identifier


class Range(Form):
    """Webhooks received in [since, until), oldest first."""

    since: str = Field(json_schema_extra={"format": "date-time"})
    until: str = Field(json_schema_extra={"format": "date-time"})


def _retry_payout(call: Call) -> Any:
    from moref.rewards.retry import retry

    id = call.get(Payout, call.params["id"]).id
    retry(call.runtime, call.organization_id, id, actor=call.caller.member_id)
    return PAYOUT.view(call.get(Payout, id))


def _cancel_payout(call: Call) -> Any:
    from moref.rewards.cancel import cancel

    id = call.get(Payout, call.params["id"]).id
    cancel(call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason)
    return PAYOUT.view(call.get(Payout, id))


def _give_link(call: Call) -> Any:
    from moref.referrals.ensure_link import ensure_link

    advocate = call.get(Advocate, call.params["id"])
    location = call.get(Location, call.body.location_id)
    return LINK.view(ensure_link(call.runtime, call.organization_id, advocate.contact_id, location.id))


def _payload(call: Call) -> Any:
    """The body as it came; bytes that are no text are shown as replacement characters."""
    event = call.get(InboxEvent, call.params["id"])
    raw = zlib.decompressobj().decompress(base64.b64decode(event.body), LARGEST_BODY)
    return {"id": event.id, "payload": raw.decode("utf-8", "replace")}


def _replay(call: Call) -> Any:
    from moref.intake.replay import replay

    id = call.get(InboxEvent, call.params["id"]).id
    replay(call.runtime, call.organization_id, id)
    _note(call, "inbox.replayed", id)
    return INBOX.view(call.get(InboxEvent, id))


def _replay_range(call: Call) -> Any:
    from moref.intake.replay import replay

    since, until = instant(call.body.since, "since"), instant(call.body.until, "until")
    if since >= until:
        raise BadInput("since is before until", field="since")
    store, org = call.runtime.store, call.organization_id
    page = store.list(InboxEvent, org, since=since, until=until, newest_first=False, limit=REPLAY_LIMIT)
    found: list[InboxEvent] = [event for event in page.items if event.created_at < until and event.reason != ERASED]
    for event in found:
        replay(call.runtime, org, event.id)
    more = page.after is not None
    _note(call, "inbox.range_replayed", org, count=str(len(found)))
    return {"replayed": [event.id for event in found], "more": more}


def _balances(call: Call) -> Any:
    from moref.rewards.ledger import balances

    found = balances(call.runtime.store, call.organization_id)
    return {
        "items": [
            {"currency": currency, "account": account, "amount": amount}
            for currency, accounts in sorted(found.items())
            for account, amount in sorted(accounts.items())
        ]
    }


def _note(call: Call, action: str, subject: str, **detail: str) -> None:
    now = call.runtime.clock.now()
    call.runtime.store.commit(audited(now, call.organization_id, call.caller.member_id, action, subject, **detail))


_PAYLOAD = object_of(id={"type": "string"}, payload={"type": "string"})
_REPLAYED = object_of(replayed={"type": "array", "items": {"type": "string"}}, more={"type": "boolean"})
_BALANCES = items_of(
    currency={"type": "string"},
    account={"type": "string"},
    amount={"type": "integer", "description": "minor units; debits are positive"},
)

OPERATIONS = (
    Operation("POST", "/v1/payouts/{id}/retry", _retry_payout, "admin", "payouts",
              "Tries a payout that needs a person again, under the same id at the provider", PAYOUT.schema,
              idempotency="required"),
    Operation("POST", "/v1/payouts/{id}/cancel", _cancel_payout, "admin", "payouts",
              "Ends a payout that needs a person, when the provider says that nothing is paid under its id",
              PAYOUT.schema, body=Cancellation, idempotency="required", fresh=True),
    Operation("POST", "/v1/advocates/{id}/links", _give_link, "admin", "advocates",
              "The advocate's link of a location, made when there is none", LINK.schema, body=LinkOf,
              idempotency="optional", paid=True),
    Operation("GET", "/v1/inbox/{id}/payload", _payload, "admin", "inbox", "The webhook's body as it came",
              _PAYLOAD.copy, whole=True),
    Operation("POST", "/v1/inbox/{id}/replay", _replay, "admin", "inbox", "Works on a stored webhook again",
              INBOX.schema, status=202, whole=True),
    Operation("POST", "/v1/inbox/replay", _replay_range, "admin", "inbox",
              f"Works on up to {REPLAY_LIMIT} stored webhooks of a time range again", _REPLAYED.copy, status=202,
              body=Range, whole=True),
    Operation("GET", "/v1/ledger/balances", _balances, "member", "ledger", "Balances of the ledger's accounts",
              _BALANCES.copy, whole=True),
)  # fmt: skip
