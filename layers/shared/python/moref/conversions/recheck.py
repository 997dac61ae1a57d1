"""What conversions were waiting for was recorded: terms accepted, a tariff item, more budget. It judges again."""

from typing import Any

from moref.conversions.model import CONDITIONS, Conversion
from moref.conversions.qualify import qualify
from moref.kernel.names import REFERRALS
from moref.records import get
from moref.runtime import Runtime


def recheck_held(runtime: Runtime, organization_id: str) -> int:
    """Sends one look for each conversion that something missing holds; how many. The list may lag: what is held in this
    very moment was judged by what is there now."""
    sent, after = 0, None
    while True:
        page = runtime.store.list(Conversion, organization_id, status="held", limit=200, after=after)
        for one in page.items:
            if any(hold.open and hold.rule in CONDITIONS for hold in one.holds):
                runtime.queues.send(REFERRALS, _command(organization_id, one.id))
                sent += 1
        after = page.after
        if after is None:
            return sent


def recheck(runtime: Runtime, organization_id: str, conversion_id: str) -> None:
    """Lifts what is met now. Raises NotFound, Conflict."""
    qualify(runtime, organization_id, get(runtime.store, Conversion, organization_id, conversion_id).referral_id)


def _command(organization_id: str, conversion_id: str) -> dict[str, Any]:
    return {"command": "recheck", "organization_id": organization_id, "conversion_id": conversion_id}
