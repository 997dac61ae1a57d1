"""`backup`, and the steps of a restore in their order; infra/ops/runbooks/restore.md is the whole procedure.

  1 stop payouts, sends, connectors        nothing more goes out
  2 restore tables                         core and ledger as they were at T, beside the live ones; stopped, too
  3 restore reconcile                      what left since T: provider orders, messages, opt-outs
  4 deploy with the restored tables        `restore tables` prints the command
  5 replay                                 webhooks received since T fill up the facts
  6 restore resume                         schedules, payouts, leads, approvals
  7 start

Step 3 also erases again whoever was erased since T, before anybody can read the tables.
"""

import argparse
from datetime import timedelta

from infra.ops.desk import Desk, Refused, confirmed, instant, open_desk
from infra.ops.state import end_thanks, organizations, resume
from infra.ops.tables import back_up, live_name, restore_tables
from moref.campaigns import after_restore as campaigns
from moref.kernel.errors import Failure
from moref.kernel.keys import GLOBAL
from moref.kernel.names import CORE
from moref.messaging import after_restore as messages
from moref.privacy.after_restore import reapply
from moref.records import every
from moref.rewards.after_restore import Reconciled, reconcile_orders
from moref.rewards.ledger import faults
from moref.rewards.model import Entry
from moref.signin.after_restore import carry_people, end_sessions
from moref.tenants.model import Switch
from moref.tenants.switches import NAMES, set_switch

CLOCKS = timedelta(seconds=1)


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = verbs.add_parser("backup", help="an on-demand backup of core and ledger, e.g. before a migration")
    backup.add_argument("name")
    backup.set_defaults(run=_backup)
    steps = verbs.add_parser("restore", help="infra/ops/runbooks/restore.md").add_subparsers(required=True)
    tables = steps.add_parser("tables", help="new tables as they were")
    tables.add_argument("--suffix", required=True, help="of the new tables' names, e.g. r20261122")
    when = tables.add_mutually_exclusive_group(required=True)
    when.add_argument("--at", help="T: the last good moment, e.g. 2026-11-22T02:00:00Z")
    when.add_argument("--backup", help="the name given to `backup`")
    tables.set_defaults(run=_tables)
    found = steps.add_parser("reconcile", help="write into the restored tables what left since T")
    found.add_argument("--restored", required=True, help="the suffix")
    found.add_argument("--since", required=True, help="T")
    found.add_argument("--stopped-at", required=True, help="when payouts and sends were stopped")
    found.set_defaults(run=_reconcile)
    again = steps.add_parser("resume", help="after the deploy: schedules and everything that waits")
    again.set_defaults(run=_resume)
    for each in (tables, found, again):
        each.add_argument("--yes", action="store_true")


def _backup(desk: Desk, options: argparse.Namespace) -> int:
    back_up(desk, options.name)
    return 0


def _tables(desk: Desk, options: argparse.Namespace) -> int:
    at = instant(options.at) if options.at else None
    _must_be_stopped(desk)
    what = options.at or f"backup {options.backup}"
    confirmed(options.yes, f"New tables would be made from {what}; the live ones stay as they are.")
    stream = restore_tables(desk, options.suffix, at=at, backup=options.backup)
    # The switches were restored, too: without this the product would pay and send as soon as it uses the tables.
    restored = open_desk(desk.stage, restored=options.suffix)
    for name in NAMES:
        set_switch(
            restored.runtime.store, desk.runtime.clock.now(), GLOBAL, name, stop=True, reason="restore", by="operator"
        )
    desk.say("payouts, sends and connectors are stopped in the restored tables")
    desk.say(f"next: restore reconcile --restored {options.suffix} --since T --stopped-at S --yes")
    desk.say(f"then: make deploy STAGE={desk.stage} CONTEXT='-c restored={options.suffix} -c restored_stream={stream}'")
    return 0


def _reconcile(desk: Desk, options: argparse.Namespace) -> int:
    """`desk` is over the restored tables. Repeatable: run it again when something was not reached."""
    since, stopped_at = instant(options.since), instant(options.stopped_at)
    if stopped_at < since:
        raise Refused("--stopped-at is before --since")
    _must_be_stopped(desk)
    confirmed(options.yes, "What left since T would be written into the restored tables.")
    live, failed = open_desk(desk.stage).runtime.store, 0
    desk.say(f"{end_sessions(desk.runtime)} sign-ins ended: everybody signs in anew")
    for organization in organizations(desk.runtime.store):
        # A step or message due in the very second of the stop may have left.
        ended = messages.settle_doubtful(desk.runtime, organization, stopped_at + CLOCKS)
        skipped = campaigns.settle_doubtful(desk.runtime, organization, stopped_at + CLOCKS)
        kept = messages.carry_suppressions(live, desk.runtime, organization)
        desk.say(f"{organization}: {skipped} steps, {ended} messages not sent again; {kept} opt-outs since T kept")
        staff = carry_people(live, desk.runtime, organization)
        desk.say(f"{organization}: {staff} members, keys and invitations are as they are by now")
        try:
            done = reconcile_orders(desk.runtime, organization, since)
            end_thanks(desk.runtime, organization, done.settled)
            _tell(desk, organization, done)
            failed += _books(desk, organization)
        except Failure as failure:
            failed += 1
            desk.say(f"{organization}: its orders could not be listed ({failure.detail}); run this step again")
        desk.say(f"{organization}: {reapply(live, desk.runtime, organization)} erasures of people applied again")
    return 1 if failed else 0


def _tell(desk: Desk, organization: str, done: Reconciled) -> None:
    desk.say(
        f"{organization}: payouts {len(done.settled)} settled by an order, {len(done.absent)} never ordered, "
        f"{len(done.unsure)} unknown (asked again before they are paid)"
    )
    for id in done.orphans:
        desk.say(
            f"  {id} was ordered for a reward approved after T: approve its conversion again, it is not paid twice"
        )


def _books(desk: Desk, organization: str) -> bool:
    """Whether something is wrong with the ledger; said in words."""
    entries = every(desk.runtime.store, Entry, organization)
    wrong = faults(entries)
    for fault in wrong:
        desk.say(f"  LEDGER: {fault}")
    desk.say(
        f"{organization}: {len(entries)} ledger entries, {len(wrong) or 'no'} fault{'s' if len(wrong) > 1 else ''}"
    )
    return bool(wrong)


def _resume(desk: Desk, options: argparse.Namespace) -> int:
    _must_be_stopped(desk)
    confirmed(options.yes, f"Waiting work in {live_name(desk, CORE)} would get its schedules back.")
    for name, count in resume(desk.runtime).items():
        desk.say(f"{name:12} {count}")
    desk.say("next: start payouts, sends and connectors; then look at `dlq list` and at the payouts that need a person")
    return 0


def _must_be_stopped(desk: Desk) -> None:
    for name in NAMES:
        switch = desk.runtime.store.find(Switch, GLOBAL, name)
        if switch is None or not switch.stopped:
            raise Refused(f"{name} is going on in {live_name(desk, CORE)}: stop it first")
