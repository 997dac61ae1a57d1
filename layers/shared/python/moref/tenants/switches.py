"""Stop switches: for the whole platform (GLOBAL) and per organization, read at the moment of effect."""

from datetime import datetime
from typing import Literal, get_args

from moref.kernel.errors import Conflict, NotFound
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Store
from moref.tenants.audit import audited
from moref.tenants.model import Switch

SwitchName = Literal["payouts", "sends", "connectors"]
NAMES: tuple[SwitchName, ...] = get_args(SwitchName)
_TRIES = 4


def stopped(store: Store, organization_id: str, name: SwitchName) -> str | None:
    """Why the effect is stopped, or None when it may happen. Two strongly consistent reads."""
    for owner in (GLOBAL, organization_id):
        switch = store.find(Switch, owner, name)
        if switch is not None and switch.stopped:
            return switch.reason
    return None


def set_switch(
    store: Store, now: datetime, organization_id: str, name: SwitchName, *, stop: bool, reason: str, by: str
) -> Switch:
    """Stops (or lets go on) one kind of effect; `by`: a member id. The last writer wins. Raises NotFound."""
    if name not in NAMES:
        raise NotFound(f"no switch {name}")
    for _ in range(_TRIES):
        before = store.find(Switch, organization_id, name)
        audit = audited(now, organization_id, by, "switch.stopped" if stop else "switch.released", name)
        try:
            if before is None:
                switch = Switch(
                    organization_id=organization_id, id=name, created_at=now, updated_at=now,
                    stopped=stop, reason=reason, by=by,
                )  # fmt: skip
                store.commit(Create(switch), audit)
            else:
                switch = before.changed(now, stopped=stop, reason=reason, by=by)
                store.commit(Change(before, switch), audit)
        except Conflict:
            continue
        return switch
    raise Conflict(f"switch {name} is being changed by others")
