"""What handing a lead over needs from the outside: implemented by `moref.aws.outbound` and by fakes in tests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from moref.runtime import Runtime
from moref.tenants.model import Connection


class Answer(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def retry_after(self) -> int | None:
        """Seconds, when the receiver asked for them."""


class PushLead(Protocol):
    def __call__(
        self, runtime: Runtime, connection: Connection, lead: Mapping[str, Any], /, *, since: datetime, again: bool
    ) -> Answer:
        """Hands a lead (`data` of lead_body) in through the CRM's own API; `again` when an attempt went before, whose
        answer may have been lost. Raises Retry, NeedsPerson, Permanent, OutcomeUnknown."""


class PostSigned(Protocol):
    def __call__(
        self, url: str, body: bytes, *, message_id: str, secret: bytes, now: datetime, loopback: bool
    ) -> Answer:
        """One POST signed as Standard Webhooks say; redirects are answers, not followed. `loopback` allows 127.0.0.1.

        Raises Permanent when the address is one we never post to, Retry when there was no answer.
        """
