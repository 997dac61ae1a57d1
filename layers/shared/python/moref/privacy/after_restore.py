"""After the tables were restored to a moment T: whoever was erased since then is erased in the restored rows, too."""

from moref.kernel.errors import Conflict
from moref.privacy.erase import erase
from moref.privacy.model import Erasure
from moref.records import Change, Create, Store, every
from moref.runtime import Runtime

TRIES = 5


def reapply(live: Store, runtime: Runtime, organization_id: str) -> int:
    """How many erasures, of all there ever were: an erasure is harmless twice, and one may have been under way at T.

    `live` are the tables that are being replaced, `runtime` is over the restored ones. Raw webhooks are not restored:
    theirs stay empty. After reconciling, since a payout that was ordered needs the address it was ordered to.
    """
    found = every(live, Erasure, organization_id)
    for erasure in found:
        _carry(runtime, erasure)
        erase(runtime, organization_id, erasure.id)
    return len(found)


def _carry(runtime: Runtime, erasure: Erasure) -> None:
    again = {
        "status": "running", "finished_at": None, "inbox_done": erasure.inbox_done, "inbox_after": None,
        "last_look_at": runtime.clock.now(),  # nobody is at work on these tables
    }  # fmt: skip
    for _ in range(TRIES):
        before = runtime.store.find(Erasure, erasure.organization_id, erasure.id)
        after = (before or erasure).changed(runtime.clock.now(), **again)
        try:
            runtime.store.commit(Create(after) if before is None else Change(before, after))
        except Conflict:
            continue
        return
    raise Conflict("the erasure is being changed by others")
