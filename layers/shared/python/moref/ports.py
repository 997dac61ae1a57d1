"""What use-cases need from the outside besides `records.Store`; implemented in `moref.aws` and by fakes in tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What the store of files knows without reading one. `content_type` is what the uploader said, not what it is."""

    size: int  # bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that a browser or curl may post a file with: `fields` first, then the file as `file`."""

    url: str
    fields: Mapping[str, str]


class Files(Protocol):
    """Files of organizations. A key is `<organization_id>/<kind>/<name>`; the organization is the verified one.

    Every method raises ValueError on a key that is not of this form.
    """

    def upload_form(self, key: str, *, content_type: str, max_bytes: int, lifetime: timedelta) -> Upload:
        """Whoever has the form may put that one file, of that type and at most that size, until `lifetime` is over."""

    def download_link(self, key: str, *, filename: str, lifetime: timedelta) -> str:
        """A link that offers the file for saving under `filename` to whoever has it, until `lifetime` is over."""

    def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Replaces what stood under the key."""

    def get(self, key: str) -> bytes | None:
        """The whole file; None when there is none."""

    def head(self, key: str) -> FileInfo | None: ...

    def keys(self, prefix: str) -> list[str]:
        """Sorted; `prefix` is at least `<organization_id>/`."""

    def delete(self, keys: Sequence[str]) -> None:
        """Those that are not there are fine. Old versions go after thirty days by the bucket's own rule."""


class Metrics(Protocol):
    def count(self, name: str, value: int = 1) -> None:
        """An EMF metric without tenant dimensions."""
