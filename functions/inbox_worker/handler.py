"""Queue inbox: each stored webhook goes to who understands its source; thin ones lead to a read of their record."""

from typing import Any

from moref.aws.worker import worker
from moref.intake.poll_leads import poll_leads
from moref.intake.pull import pull
from moref.intake.work_inbox import work_inbox
from moref.intake.write_back import write_back
from moref.kernel.env import InboxWorker
from moref.kernel.errors import Malformed
from moref.rewards.note_credit import note_credit
from moref.runtime import Runtime


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id, command = message["organization_id"], message.get("command")
    if command == "pull":
        pull(runtime, organization_id, message["connection_id"], message["record"])
    elif command == "poll_leads":
        poll_leads(runtime, organization_id, message["connection_id"])
    elif command == "write_back":
        write_back(runtime, organization_id, message["connection_id"], message["record"])
    elif message.get("name") in ("credit.applied", "credit.undone"):
        note_credit(runtime, organization_id, message["subject"])
    elif command is None:
        work_inbox(runtime, organization_id, message["subject"])
    else:
        raise Malformed("no command of this queue")


handler = worker(InboxWorker, work)
