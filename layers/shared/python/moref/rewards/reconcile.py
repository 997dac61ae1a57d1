"""Every 15 minutes: each payout of the platform that is not at its end is looked at again, through the queue, so that
one that fails stops no other and the queue's concurrency bounds the work."""

from typing import Any

from moref.kernel.keys import GLOBAL
from moref.kernel.names import PAYOUTS
from moref.rewards.model import OpenPayout
from moref.rewards.wake import message
from moref.runtime import Runtime


def reconcile(runtime: Runtime) -> int:
    """Sends one look per open payout, those untouched for longest first; tells how many.

    The list is an index and may lag: a row that is missing now is there a quarter of an hour later.
    """
    sent = 0
    after: dict[str, Any] | None = None
    while True:
        page = runtime.store.list(OpenPayout, GLOBAL, status="open", newest_first=False, limit=200, after=after)
        for item in page.items:
            runtime.queues.send(PAYOUTS, message(item.owner_id, item.id, item.reward_id))
            sent += 1
        after = page.after
        if after is None:
            return sent
