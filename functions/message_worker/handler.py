"""Queue messages: one message to send, or to look at again; and the platform's own mails about signing in."""

from datetime import datetime
from typing import Any

from moref.aws.worker import worker
from moref.aws.yielding import Yielding
from moref.kernel.env import MessageWorker
from moref.kernel.errors import Malformed
from moref.kernel.names import MESSAGES
from moref.messaging.line import Turns
from moref.messaging.queue_up import Pacing
from moref.messaging.send_message import send_message
from moref.runtime import Runtime
from moref.signin.send_mail import send_code, send_invitation

BLOCK = 10  # turns fetched with one write
_turns = Turns(BLOCK)


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    if message.get("command") == "send_message":
        slot = datetime.fromisoformat(message["slot"]) if "slot" in message else None
        send_message(runtime, message["organization_id"], message["message_id"], pacing=Pacing(slot, _turns))
    elif message.get("name") == "message.queued":
        send_message(runtime, message["organization_id"], message["subject"], pacing=Pacing(None, _turns))
    elif message.get("name") == "sign_in.code_asked":
        send_code(runtime, message["subject"])
    elif message.get("name") == "invitation.sent":
        send_invitation(runtime, message["organization_id"], message["subject"])
    else:
        raise Malformed("neither an event nor a command of messaging")


handler = worker(MessageWorker, work, yielding=Yielding(MESSAGES))
