"""Counts what campaigns' messages achieved: messages that went on, clicks, feedback, referrals."""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.kernel.env import ReportWorker
from moref.kernel.errors import Malformed
from moref.reporting.count_click import feedback_given, link_clicked
from moref.reporting.count_message import count_message
from moref.reporting.count_referral import count_referral
from moref.runtime import Runtime

SUBJECTS: dict[str, Callable[[Runtime, str, str], object]] = {
    "message.changed": count_message,
    "link.clicked": link_clicked,
    "feedback.given": feedback_given,
    "referral.changed": count_referral,
}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id, name = message["organization_id"], message.get("name")
    if message.get("command") == "count_referral":
        count_referral(runtime, organization_id, message["referral_id"])
    elif name == "lead.created":
        count_referral(runtime, organization_id, message["data"]["referral_id"])
    elif name in SUBJECTS:
        SUBJECTS[name](runtime, organization_id, message["subject"])
    else:
        raise Malformed("not work for reports")


handler = worker(ReportWorker, work)
