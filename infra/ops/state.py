"""Everything that waits for its time, woken: after a restore the schedules and messages that would have done it may be
gone. Every wake-up is harmless when it comes twice or early: whoever is woken looks at the state anew."""

from collections.abc import Sequence

from moref.campaigns import after_restore as campaigns
from moref.campaigns.thank import cause, thank
from moref.conversions.model import Conversion
from moref.kernel.keys import GLOBAL
from moref.kernel.names import LEADS, REFERRALS
from moref.messaging import after_restore as messages
from moref.messaging.model import Message
from moref.messaging.plan_message import message_id
from moref.messaging.settle import settle
from moref.records import Store, every, get
from moref.referrals.model import Lead
from moref.rewards.model import Payout
from moref.rewards.reconcile import reconcile
from moref.runtime import Runtime
from moref.tenants.model import Hook


def organizations(store: Store) -> list[str]:
    """Whoever has state has a hook through which it came."""
    return sorted({hook.owner_id for hook in every(store, Hook, GLOBAL)})


def end_thanks(runtime: Runtime, organization: str, payout_ids: Sequence[str]) -> int:
    """The thank-you of a payout that was paid after T left then, too; how many are not sent again.

    It is planned here and ended at once, so that the one planned on the payout's event meets it.
    """
    ended = 0
    for id in payout_ids:
        thank(runtime, organization, id)
        payout = get(runtime.store, Payout, organization, id)
        message = runtime.store.find(Message, organization, message_id(organization, cause(payout.reward_id)))
        if message is not None and message.status == "queued":
            ended += settle(runtime, message, status="failed", reason="outcome_unknown") is not None
    return ended


def resume(runtime: Runtime) -> dict[str, int]:
    """What was woken, by kind. Rows of the outbox and inbox that wait are the sweeper's: it needs no schedule."""
    woken = {"steps": 0, "messages": 0, "leads": 0, "approvals": 0}
    for organization in organizations(runtime.store):
        woken["steps"] += campaigns.resume(runtime, organization)
        woken["messages"] += messages.resume(runtime, organization)
        woken["leads"] += _leads(runtime, organization)
        woken["approvals"] += _approvals(runtime, organization)
    return woken | {"payouts": reconcile(runtime)}


def _leads(runtime: Runtime, organization: str) -> int:
    waiting = every(runtime.store, Lead, organization, status="new")
    for lead in waiting:
        runtime.queues.send(LEADS, {"command": "hand_over", "organization_id": organization, "lead_id": lead.id})
    return len(waiting)


def _approvals(runtime: Runtime, organization: str) -> int:
    """Conversions that wait: each asks anew for its own due time, or for the hours after which staff are told."""
    waiting = [
        one for status in ("pending", "held") for one in every(runtime.store, Conversion, organization, status=status)
    ]
    for conversion in waiting:
        command = {"command": "auto_approve", "organization_id": organization, "conversion_id": conversion.id}
        runtime.queues.send(REFERRALS, command)
    return len(waiting)
