"""What a channel's plugin keeps. One file a channel; the folder is the list.

    NAME: str                      the file's name; a message remembers which plugin took it
    KIND: model.Channel            what it carries: sms, whatsapp or email
    VENDOR_ACCOUNT: str | None     the VendorAccount it sends with; None: the platform's own
    CAN_FIND: bool                 whether `find` can tell what became of a send whose answer was lost
    LANE: str                      who shares one pace of sending (messaging/lanes): "platform" is every organization
                                   together, "account" the organization's account, "sender" each of its numbers; how
                                   many units a second: data/paces.json by NAME, config `<NAME>_per_second`, or
    quota(runtime, account) -> Decimal | None   optional: what the vendor says it takes a second now; None: not told
    send(runtime, account, outgoing) -> str
        the provider's message id. Raises Retry (surely not taken, go on later), NeedsPerson (nothing can be sent until
        somebody acts), Refused (this message will never go), OutcomeUnknown (it may have gone; look before repeating)
    find(runtime, account, outgoing, since) -> list[str]
        provider ids of messages with this recipient and text, made since then; raises Retry when it cannot tell
A channel whose vendor tells what became of messages keeps kernel.webhook's contract as well (at import it needs the
standard library alone: the door loads it), and
    HOOK: str                      the vendor's name in /hooks/{vendor}/{token}; two channels may share it
    webhook_secret(stored) -> bytes    what its signatures are checked with, from the stored JSON
    reports(body) -> list[Report]  what a verified body says; raises Malformed
    handshake(runtime, body)       optional: True when the body was no report and has been answered
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from moref.kernel.errors import Permanent
from moref.messaging import model
from moref.runtime import Runtime

Lane = Literal["platform", "account", "sender"]
Wish = Literal["bounce", "complaint", "unsubscribed"]


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
    # Whose it is: a provider that hands them back with its reports lets a lost answer be recognised.
    organization_id: str = ""
    message_id: str = ""
    template: str = ""  # our template's name, and its merge fields: for providers that hold templates of their own
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says of one message. `code` is its own number or word; `wish` suppresses the address.

    `organization_id` and `message_id` are those we gave it with the message, when it hands them back.
    """

    provider_id: str
    state: model.ReportState
    code: str | None = None
    at: datetime | None = None  # when it happened there; None: not told
    wish: Wish | None = None
    organization_id: str | None = None
    message_id: str | None = None


class Channel(Protocol):
    """A plugin module, as send_message uses it."""

    NAME: str
    KIND: model.Channel
    VENDOR_ACCOUNT: str | None
    CAN_FIND: bool
    LANE: Lane

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str: ...

    def find(self, runtime: Runtime, account: Account, outgoing: Outgoing, since: datetime) -> Sequence[str]: ...
