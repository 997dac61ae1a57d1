"""E-mail through SES, from the platform's own verified address under the branch's name."""

from collections.abc import Sequence
from datetime import datetime

from moref.aws.mail import SesMail
from moref.kernel.errors import Permanent
from moref.messaging.channels.base import Account, Outgoing, Refused
from moref.runtime import Runtime

VENDOR_ACCOUNT: str | None = None
CAN_FIND = False  # SES keeps no list of what it took: a lost answer stays unknown and is never repeated


def send(runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
    del account
    try:
        return SesMail(runtime.settings.stage, runtime.settings.mail_from).send(
            to=outgoing.to,
            subject=outgoing.subject,
            text=outgoing.body,
            html=outgoing.html,
            sender_name=outgoing.sender,
            reply_to=outgoing.reply_to,
            headers=outgoing.headers,
        )
    except Permanent as error:
        raise Refused(error.detail) from None


def find(runtime: Runtime, account: Account, outgoing: Outgoing, since: datetime) -> Sequence[str]:
    del runtime, account, outgoing, since
    return ()
