"""Every night the counters are derived once more from the state of the last months: what no event tells (an advocate
whose kind staff changed, a branch that moved to another time zone) is right the next morning.

The walk goes through one noun after the other in slices, each a message of its own; repeating a slice changes nothing.
"""

from datetime import timedelta
from typing import Any

from moref.campaigns.model import Enrollment
from moref.conversions.model import Conversion
from moref.kernel.keys import GLOBAL
from moref.kernel.names import REPORTS
from moref.records import Entity, every
from moref.referrals.model import Advocate, Link, Referral
from moref.reporting.count_subject import count_subject
from moref.rewards.model import Payout, Reward
from moref.runtime import Runtime
from moref.tenants.model import Hook

BACK = timedelta(days=100)  # a quarter's report and some days
SLICE = 25
KINDS: dict[str, type[Entity]] = {
    "enrollment": Enrollment, "link": Link, "referral": Referral, "advocate": Advocate, "conversion": Conversion,
    "payout": Payout, "reward": Reward,
}  # fmt: skip


def sweep_counters(runtime: Runtime) -> int:
    """Begins the walk of every organization; how many begin."""
    # Whoever has something to count hears of jobs from a CRM, so the hooks name every organization.
    organizations = sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)})
    for org in organizations:
        runtime.queues.send(REPORTS, _slice(org, next(iter(KINDS)), None))
    return len(organizations)


def count_again(runtime: Runtime, organization_id: str, noun: str, after: dict[str, Any] | None) -> None:
    """One slice, of this noun and of those after it while there is room, and the message for the next.

    Raises Conflict after lost races.
    """
    since, room = runtime.clock.now() - BACK, SLICE
    kinds = list(KINDS)
    for kind in kinds[kinds.index(noun) :]:
        page = runtime.store.list(KINDS[kind], organization_id, since=since, limit=room, after=after)
        for row in page.items:
            count_subject(runtime, organization_id, kind, row.id)
        room, after = room - len(page.items), page.after
        if after is not None or room == 0:
            _go_on(runtime, organization_id, kind, after)
            return


def _go_on(runtime: Runtime, organization_id: str, noun: str, after: dict[str, Any] | None) -> None:
    nouns = [*KINDS, None]
    onward = noun if after is not None else nouns[nouns.index(noun) + 1]
    if onward is not None:
        runtime.queues.send(REPORTS, _slice(organization_id, onward, after))


def _slice(organization_id: str, noun: str, after: dict[str, Any] | None) -> dict[str, Any]:
    return {"command": "count_again", "organization_id": organization_id, "noun": noun, "after": after}
