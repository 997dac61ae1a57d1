"""Queue inbox: each stored webhook goes to who understands its source."""

from typing import Any

from moref.aws.worker import worker
from moref.intake.work_inbox import work_inbox
from moref.kernel.env import InboxWorker
from moref.runtime import Runtime


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    work_inbox(runtime, message["organization_id"], message["subject"])


handler = worker(InboxWorker, work)
