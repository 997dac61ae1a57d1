"""Every 15 minutes: each payout of the platform that is not at its end is looked at again, through the queue, so that
one that fails stops no other and the queue's concurrency bounds the work."""

from typing import Any

from moref.kernel import plugins
from moref.kernel.keys import GLOBAL
from moref.kernel.names import PAYOUTS
from moref.records import every
from moref.rewards.model import OpenPayout
from moref.rewards.wake import message
from moref.runtime import Runtime
from moref.tenants.model import Hook

PROVIDERS = "moref.rewards.providers"


def forecast_all(runtime: Runtime) -> int:
    """Sends one look at the money of each connected account of every organization; tells how many."""
    hooks = [hook for hook in every(runtime.store, Hook, GLOBAL) if hook.source in plugins.names(PROVIDERS)]
    for hook in hooks:
        command = {"command": "forecast", "organization_id": hook.owner_id, "account_id": hook.connection_id}
        runtime.queues.send(PAYOUTS, command)
    return len(hooks)


def reconcile(runtime: Runtime) -> int:
    """Sends one look per open payout, those untouched for longest first; tells how many messages it sent.

    The list is an index and may lag: a row that is missing now is there a quarter of an hour later.
    """
    sent = forecast_all(runtime)
    after: dict[str, Any] | None = None
    while True:
        page = runtime.store.list(OpenPayout, GLOBAL, status="open", newest_first=False, limit=200, after=after)
        for item in page.items:
            runtime.queues.send(PAYOUTS, message(item.owner_id, item.id, item.reward_id))
            sent += 1
        after = page.after
        if after is None:
            return sent
