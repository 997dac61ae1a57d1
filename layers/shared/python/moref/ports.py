"""What use-cases need from the outside besides `records.Store`; implemented in `moref.aws` and by fakes in tests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""


class Queues(Protocol):
    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        """At least once; `queue` is one of kernel.names.QUEUES, delay at most 900 s."""


class Scheduler(Protocol):
    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        """Sends `message` to `queue` at `due` (never early, within a minute), at least once.

        The same name again replaces nothing: a schedule that exists keeps its time, so creation repeats safely.
        Due within a minute: sent at once. The receiver checks everything when it fires.
        """

    def cancel(self, name: str) -> None:
        """Forgets a schedule; one that is not there is fine."""


class Vault(Protocol):
    """Tenant secrets under the platform's KMS key, bound to (organization, purpose)."""

    def seal(self, organization_id: str, purpose: str, secret: bytes) -> str: ...

    def open(self, organization_id: str, purpose: str, ciphertext: str) -> bytes:
        """Cached for the life of the environment: never a KMS call per request. Raises KeyError when not ours."""


class PlatformKeys(Protocol):
    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose ("lookup", "api-token" ...), derived from the platform's secret."""


class Metrics(Protocol):
    def count(self, name: str, value: int = 1) -> None:
        """An EMF metric without tenant dimensions."""
