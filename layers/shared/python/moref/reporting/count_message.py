"""A message of a campaign left, arrived, was opened or clicked: it counts at each stage once, however often and in
whatever order that is told."""

from moref.kernel.errors import Conflict
from moref.kernel.names import REPORTS
from moref.messaging.model import Message
from moref.reporting.model import CAME_BY, CameBy, Counted
from moref.reporting.stages import left
from moref.reporting.tally import Tally
from moref.runtime import Runtime

TRIES = 8  # a day's counters are one row, and two workers count


def count_message(runtime: Runtime, organization_id: str, message_id: str) -> None:
    """On message.changed. Raises Conflict after lost races."""
    for _ in range(TRIES):
        message = runtime.store.find(Message, organization_id, message_id)
        if message is None or not left(message):
            return
        _take_over(runtime, message)
        tally = Tally(runtime, organization_id)
        tally.message(message_id, settled=True)
        writes = tally.writes()
        if not writes:
            return
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue
        return
    raise Conflict("the counters are being changed by others")


def credit_command(organization_id: str, referral_id: str) -> dict[str, str]:
    return {"command": "count_referral", "organization_id": organization_id, "referral_id": referral_id}


def _take_over(runtime: Runtime, message: Message) -> None:
    """It is known only now that it left, and friends came by its link since: their credit is looked at again."""
    org, code = message.organization_id, message.link_code
    counted = runtime.store.find(Counted, org, message.id)
    if code is None or (counted is not None and counted.settled):
        return
    came = runtime.store.find(CameBy, org, code)
    if came is None or message.claimed_at is None or came.latest < message.claimed_at:
        return
    for id in runtime.store.lookup(org, CAME_BY, code):
        runtime.queues.send(REPORTS, credit_command(org, id))
