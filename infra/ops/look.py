"""`look payouts|messages|leads|webhooks`: what stands in a state that needs somebody, over all organizations.

Prints ids, states and reasons; whom it concerns is in the staff API. Reads an index: a row changed this second may
still show its old state.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

from infra.ops.desk import Desk, Refused
from infra.ops.state import organizations
from moref.intake.model import InboxEvent
from moref.messaging.model import Message
from moref.records import Entity
from moref.referrals.model import Lead
from moref.rewards.model import Payout

# What is looked at, and the state that alarms send people here for.
KINDS: dict[str, tuple[type[Entity], str]] = {
    "payouts": (Payout, "needs_person"),
    "messages": (Message, "failed"),
    "leads": (Lead, "failed"),
    "webhooks": (InboxEvent, "quarantined"),
}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = verbs.add_parser("look", help="what is in a state, and why; over all organizations")
    found.add_argument("kind", choices=KINDS)
    found.add_argument("--status", help=", ".join(f"{kind}: {status}" for kind, (_, status) in KINDS.items()))
    found.add_argument("--organization", help="default: all")
    found.add_argument("--limit", type=int, default=50, help="of each organization, the newest first")
    found.set_defaults(run=_look)


def _look(desk: Desk, options: argparse.Namespace) -> int:
    kind, usual = KINDS[options.kind]
    status = options.status or usual
    known = get_args(kind.model_fields["status"].annotation)
    if status not in known:
        raise Refused(f"{options.kind} are {', '.join(known)}")
    reasons: Counter[str] = Counter()
    for organization in [options.organization] if options.organization else organizations(desk.runtime.store):
        for row in _rows(desk, kind, organization, status, options.limit):
            reason = str(getattr(row, "reason", None) or "-")
            reasons[reason] += 1
            desk.say(f"{row.updated_at:%Y-%m-%d %H:%M}  {organization}  {row.id}  {reason}")
    for reason, count in reasons.most_common():
        desk.say(f"{count:6} {reason}")
    desk.say(f"{sum(reasons.values())} {options.kind} are {status}")
    return 0


def _rows(desk: Desk, kind: type[Entity], organization: str, status: str, limit: int) -> Iterator[Any]:
    yield from desk.runtime.store.list(kind, organization, status=status, limit=limit).items
