"""Queue billing: looks at one subscription, because something was told of it, the locations changed, or its trial is to
be written about."""

from typing import Any

from moref.aws.worker import worker
from moref.billing.follow_locations import look
from moref.billing.trial_mails import MAIL, mail_trial
from moref.kernel.env import BillingWorker
from moref.kernel.errors import Malformed
from moref.runtime import Runtime

HEARD = frozenset({"location.changed", "organization.closing_changed"})


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    if message.get("command") == MAIL:
        mail_trial(runtime, message["organization_id"])
        return
    if message.get("command") != "refresh" and message.get("name") not in HEARD:
        raise Malformed("not work for billing")
    look(runtime, message["organization_id"])


handler = worker(BillingWorker, work)
