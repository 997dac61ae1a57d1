"""Webhooks in which a provider tells what became of messages."""

from types import ModuleType

from moref.intake.model import InboxEvent
from moref.kernel import plugins
from moref.messaging.accounts import PACKAGE
from moref.messaging.record_status import NOT_OURS, record_status
from moref.runtime import Runtime


def receive(runtime: Runtime, event: InboxEvent, body: bytes) -> str | None:
    """None when something of it counted, else why it was ignored. Raises Malformed on what nobody can read.

    A batch may be repeated from its start: every report is harmless the second time.
    """
    plugin = plugins.load(PACKAGE, event.source)
    if _handshake(runtime, plugin, body):
        return None
    ignored: list[str] = []
    reports = plugin.reports(body)
    for report in reports:
        # An account speaks for the organization it came in for, whatever else it says.
        ours = report.organization_id in (None, event.organization_id)
        reason = record_status(runtime, event.organization_id, report) if ours else NOT_OURS
        if reason is not None:
            ignored.append(reason)
    if len(ignored) < len(reports):
        return None
    return "; ".join(sorted(set(ignored))) or "nothing in it is used"


def _handshake(runtime: Runtime, plugin: ModuleType, body: bytes) -> bool:
    handshake = getattr(plugin, "handshake", None)
    return handshake is not None and bool(handshake(runtime, body))
