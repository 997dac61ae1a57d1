"""What a channel's plugin keeps.

    VENDOR_ACCOUNT: str | None     the VendorAccount it sends with; None: the platform's own
    CAN_FIND: bool                 whether `find` can tell what became of a send whose answer was lost
    send(runtime, account, outgoing) -> str
        the provider's message id. Raises Retry (surely not taken, go on later), NeedsPerson (nothing can be sent until
        somebody acts), Refused (this message will never go), OutcomeUnknown (it may have gone; look before repeating)
    find(runtime, account, outgoing, since) -> list[str]
        provider ids of messages with this recipient and text, made since then; raises Retry when it cannot tell
A channel with webhooks keeps kernel.webhook's contract as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from moref.kernel.errors import Permanent
from moref.runtime import Runtime


class Refused(Permanent):
    """The provider will never deliver this message; `code` is its own number or word for why."""

    def __init__(self, code: str, *, opted_out: bool = False) -> None:
        super().__init__(f"refused: {code}")
        self.provider_code = code
        self.opted_out = opted_out


@dataclass(frozen=True, slots=True)
class Account:
    """`secret` and `config` of the organization's VendorAccount; empty for the platform's own."""

    secret: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    hook_token: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as it leaves. `sender` is a number or messaging service (SMS) or a display name (e-mail)."""

    to: str
    sender: str
    body: str
    subject: str = ""
    html: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    valid_seconds: int | None = None  # the provider gives up after that long


class Channel(Protocol):
    """A plugin module, as send_message uses it."""

    VENDOR_ACCOUNT: str | None
    CAN_FIND: bool

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str: ...

    def find(self, runtime: Runtime, account: Account, outgoing: Outgoing, since: datetime) -> Sequence[str]: ...
