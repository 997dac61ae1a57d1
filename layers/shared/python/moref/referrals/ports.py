"""What handing a lead over needs from the outside: implemented by `moref.aws.outbound` and by fakes in tests."""

from datetime import datetime
from typing import Protocol


class Answer(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def retry_after(self) -> int | None:
        """Seconds, when the receiver asked for them."""


class PostSigned(Protocol):
    def __call__(
        self, url: str, body: bytes, *, message_id: str, secret: bytes, now: datetime, loopback: bool
    ) -> Answer:
        """One POST signed as Standard Webhooks say; redirects are answers, not followed. `loopback` allows 127.0.0.1.

        Raises Permanent when the address is one we never post to, Retry when there was no answer.
        """
