"""`stop` and `start` payouts, sends or connectors; `switches` tells how they stand.

Stopping asks for no confirmation: in an emergency it is the first thing to do, and it loses nothing (work waits).
"""

import argparse
from typing import Any

from infra.ops.desk import Desk, Refused, confirmed
from moref.kernel.keys import GLOBAL
from moref.tenants.model import Organization, Switch
from moref.tenants.switches import NAMES, set_switch

_EVERY = {
    "payouts": "no provider is asked to pay",
    "sends": "no SMS or e-mail leaves",
    "connectors": "no lead or event is posted to anybody",
}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for verb, help in (("stop", "stop a kind of effect"), ("start", "let it go on")):
        found = verbs.add_parser(verb, help=help)
        found.add_argument("switch", choices=NAMES, help="; ".join(f"{name}: {text}" for name, text in _EVERY.items()))
        found.add_argument("--organization", help="only for this one; default: for the whole platform")
        found.add_argument("--reason", required=True, help="for whoever finds the switch; no personal data")
        found.add_argument("--by", required=True, help="who decided it; kept in the audit")
        found.add_argument("--yes", action="store_true")
        found.set_defaults(run=_set, stop=verb == "stop")
    shown = verbs.add_parser("switches", help="how the stop switches stand")
    shown.add_argument("--organization")
    shown.set_defaults(run=_show)


def _set(desk: Desk, options: argparse.Namespace) -> int:
    owner = _owner(desk, options.organization)
    where = f"organization {owner}" if options.organization else "the whole platform"
    if not options.stop:
        confirmed(options.yes, f"{options.switch} would go on for {where}; what waited goes out within minutes.")
    store, now = desk.runtime.store, desk.runtime.clock.now()
    set_switch(store, now, owner, options.switch, stop=options.stop, reason=options.reason, by=f"operator:{options.by}")
    done = f"stopped: {_EVERY[options.switch]}" if options.stop else "going on"
    desk.say(f"{options.switch} for {where}: {done}")
    return 0


def _show(desk: Desk, options: argparse.Namespace) -> int:
    owners: list[tuple[str, str]] = [("whole platform", GLOBAL)]
    if options.organization:
        owners.append((options.organization, _owner(desk, options.organization)))
    for label, owner in owners:
        for name in NAMES:
            desk.say(f"{label:34} {name:11} {_state(desk.runtime.store.find(Switch, owner, name))}")
    return 0


def _state(switch: Switch | None) -> str:
    if switch is None or not switch.stopped:
        return "going"
    return f"STOPPED since {switch.updated_at:%Y-%m-%d %H:%M} UTC by {switch.by}: {switch.reason}"


def _owner(desk: Desk, organization: Any) -> str:
    if organization is None:
        return GLOBAL
    if desk.runtime.store.find(Organization, organization, organization) is None:
        raise Refused(f"there is no organization {organization}")
    return str(organization)
