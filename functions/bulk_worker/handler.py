"""Queue bulk: long work that staff asked for, a slice at a time.

A slice ends well before the function's time does; what is left goes on with the next message, so a crash repeats one
slice at most, and every slice is harmless when it is repeated.
"""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.imports.forget import FORGET, forget_import
from moref.imports.work import NEXT, work_import
from moref.kernel.env import BulkWorker
from moref.kernel.errors import Malformed
from moref.privacy.close import close
from moref.privacy.erase import erase
from moref.privacy.export import export, remove
from moref.privacy.retention import forget_old
from moref.runtime import Runtime
from moref.tenants.close_organization import mark_links
from moref.transfers.accept import MOVE, begin
from moref.transfers.count import COUNT, count
from moref.transfers.move import move
from moref.transfers.offer import expire
from moref.transfers.sweep import EXPIRE
from moref.transfers.wishes import FORWARD, forward, opted_out

# The event that asks for the work, and equally the command of its next slice -> (runtime, organization, subject).
WORK: dict[str, Callable[[Runtime, str, str], object]] = {
    "import.asked": work_import,
    "import.started": work_import,
    NEXT: work_import,
    FORGET: forget_import,
    "erasure.asked": erase,
    "export.asked": export,
    "export.remove": remove,
    "organization.closing_changed": mark_links,
    "organization.close": close,
    "retention.due": forget_old,
    "location_transfer.offered": count,
    COUNT: count,
    EXPIRE: expire,
    "location_transfer.accepted": begin,
    "opt_out.recorded": opted_out,
}
# Between two organizations: the command names neither, its subject leads to both; each holds itself to these two.
CROSSING: dict[str, Callable[[Runtime, str], object]] = {MOVE: move, FORWARD: forward}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    name = str(message.get("name") or message.get("command"))
    if name in CROSSING and "organization_id" not in message:
        CROSSING[name](runtime, message["subject"])
        return
    does = WORK.get(name)
    if does is None:
        raise Malformed("not work for bulk")
    does(runtime, message["organization_id"], message["subject"])


handler = worker(BulkWorker, work)
