"""An event of the platform's account at the processor: it says whose subscription is to be looked at, no more."""

import json
from typing import Any

from moref.billing.account import is_live
from moref.billing.model import BillingCustomer
from moref.billing.refresh import command
from moref.intake.model import InboxEvent
from moref.kernel.errors import Malformed
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BILLING
from moref.runtime import Runtime

HEARD = frozenset(
    {
        "checkout.session.completed", "checkout.session.expired",
        "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
        "customer.subscription.paused", "customer.subscription.resumed", "customer.subscription.trial_will_end",
        "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
    }
)  # fmt: skip


def receive(runtime: Runtime, event: InboxEvent, body: bytes) -> str | None:
    """Why it was ignored, or None. Raises Malformed."""
    del event
    found = _read(body)
    if found.get("object") != "event" or found.get("account") is not None:
        return "not an event of the platform's own account"
    if found.get("type") not in HEARD:
        return "nothing that changes a subscription"
    if found.get("livemode") is not is_live(runtime):
        return "an event of the other mode, test or live"
    customer = _customer(found)
    known = runtime.store.find(BillingCustomer, GLOBAL, customer) if customer else None
    if known is None:
        return "a customer of another product"
    runtime.queues.send(BILLING, command(known.owner_id))
    return None


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("not an object")
    return found


def _customer(found: dict[str, Any]) -> str | None:
    about = found.get("data")
    about = about.get("object") if isinstance(about, dict) else None
    customer = about.get("customer") if isinstance(about, dict) else None
    # An id of theirs becomes part of a key of ours: what is not plain leads nowhere.
    plain = isinstance(customer, str) and customer.replace("_", "").isalnum() and customer.isascii()
    return customer if plain and len(customer or "") <= 100 else None
