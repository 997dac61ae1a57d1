"""Webhooks in which a provider tells what became of messages."""

from types import ModuleType

from moref.intake.model import InboxEvent
from moref.kernel import plugins
from moref.kernel.keys import GLOBAL
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
        organization_id = _owner(event, report.organization_id)
        reason = NOT_OURS if organization_id is None else record_status(runtime, organization_id, report)
        if reason is not None:
            ignored.append(reason)
    if len(ignored) < len(reports):
        return None
    return "; ".join(sorted(set(ignored))) or "nothing in it is used"


def _owner(event: InboxEvent, told: str | None) -> str | None:
    """Whose message it is about. The platform's own account names the organization in what it signed; an
    organization's account speaks for that organization, whatever it says."""
    if event.organization_id == GLOBAL:
        return told
    return event.organization_id if told in (None, event.organization_id) else None


def _handshake(runtime: Runtime, plugin: ModuleType, body: bytes) -> bool:
    handshake = getattr(plugin, "handshake", None)
    return handshake is not None and bool(handshake(runtime, body))
