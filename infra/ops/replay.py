"""`replay`: works on the stored webhooks of one organization again, from their original bytes.

Without --yes it only counts. Harmless for what was handled: nothing that is known already is done twice. Raw webhooks
are kept for 30 days.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

from infra.ops.desk import Desk, Refused, confirmed, instant
from moref.intake.model import ERASED, InboxEvent
from moref.intake.replay import replay as again
from moref.kernel.errors import MorefError

STATUSES: tuple[str, ...] = get_args(InboxEvent.model_fields["status"].annotation)
_TELL_EVERY = 50


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = verbs.add_parser("replay", help="work on stored webhooks again; without --yes it counts them")
    found.add_argument("--organization", required=True)
    found.add_argument("--since", required=True, help="received at or after, e.g. 2026-11-22T02:00:00Z")
    found.add_argument("--until", required=True)
    found.add_argument("--status", choices=STATUSES, help="default: any")
    found.add_argument("--source", help="crm:<crm>, twilio or tremendous; default: any")
    found.add_argument("--yes", action="store_true")
    found.set_defaults(run=_replay)


def chosen(
    desk: Desk, organization: str, since: datetime, until: datetime, *, status: str | None, source: str | None
) -> Iterator[InboxEvent]:
    """The oldest first, in the order in which they came."""
    after: dict[str, Any] | None = None
    while True:
        page = desk.runtime.store.list(
            InboxEvent, organization, since=since, until=until, newest_first=False, limit=200, after=after
        )
        for event in page.items:
            if status in (None, event.status) and source in (None, event.source):
                yield event
        after = page.after
        if after is None:
            return


def _replay(desk: Desk, options: argparse.Namespace) -> int:
    since, until = instant(options.since), instant(options.until)
    if since >= until:
        raise Refused("--since must be before --until")
    # Read to the end before the first is changed. Those that held somebody who was erased have no body any more.
    found = list(chosen(desk, options.organization, since, until, status=options.status, source=options.source))
    events = [event for event in found if event.reason != ERASED]
    if len(events) < len(found):
        desk.say(f"{len(found) - len(events)} held somebody who was erased: left out")
    for (source, status), count in sorted(Counter((event.source, event.status) for event in events).items()):
        desk.say(f"{source:20} {status:12} {count}")
    if not events:
        desk.say("no webhook in this range")
        return 0
    confirmed(options.yes, f"{len(events)} webhooks would be worked on again.")
    return _all(desk, events)


def _all(desk: Desk, events: list[InboxEvent]) -> int:
    failed = 0
    for number, event in enumerate(events, start=1):
        try:
            again(desk.runtime, event.organization_id, event.id)
        except MorefError as error:
            failed += 1
            desk.say(f"{event.id}: {error.detail}")
        if number % _TELL_EVERY == 0:
            desk.say(f"{number} of {len(events)}")
    desk.say(f"{len(events) - failed} replayed, {failed} failed")
    return 1 if failed else 0
