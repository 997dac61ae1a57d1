"""Queue messages: one message to send, or to look at again."""

from typing import Any

from moref.aws.worker import worker
from moref.kernel.env import MessageWorker
from moref.kernel.errors import Malformed
from moref.messaging.send_message import send_message
from moref.runtime import Runtime


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    if message.get("command") == "send_message":
        send_message(runtime, message["organization_id"], message["message_id"])
    elif message.get("name") == "message.queued":
        send_message(runtime, message["organization_id"], message["subject"])
    else:
        raise Malformed("neither an event nor a command of messaging")


handler = worker(MessageWorker, work)
