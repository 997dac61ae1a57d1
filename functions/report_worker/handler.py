"""Counts what reports show: campaigns' messages, clicks, referrals, conversions, payouts; and what was used. Plans the
weekly report's e-mails."""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.billing import usage
from moref.kernel.env import ReportWorker
from moref.kernel.errors import Malformed
from moref.reporting.count_again import count_again
from moref.reporting.count_click import feedback_given, link_clicked
from moref.reporting.count_message import count_message
from moref.reporting.count_referral import count_referral
from moref.reporting.count_subject import count_subject
from moref.reporting.follow import CONCERNS, follow
from moref.reporting.send_digest import send_digest
from moref.runtime import Runtime

# The funnel of a campaign, which counts messages, beside the reports, which count what became of people.
FUNNEL: dict[str, Callable[[Runtime, str, str], object]] = {
    "message.changed": count_message,
    "link.clicked": link_clicked,
    "feedback.given": feedback_given,
    "referral.changed": count_referral,
}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id, name, command = message["organization_id"], message.get("name"), message.get("command")
    if command == "count_referral":
        count_referral(runtime, organization_id, message["referral_id"])
        count_subject(runtime, organization_id, "referral", message["referral_id"])
    elif command == "count_again":
        count_again(runtime, organization_id, message["noun"], message["after"])
    elif name == "report.digest_due":
        send_digest(runtime, organization_id, message["subject"])
    elif name in FUNNEL or name in CONCERNS:
        _count(runtime, organization_id, message)
    else:
        raise Malformed("not work for reports")


def _count(runtime: Runtime, organization_id: str, event: dict[str, Any]) -> None:
    name = event["name"]
    if name == "lead.created":
        count_referral(runtime, organization_id, event["data"]["referral_id"])
    elif name in FUNNEL:
        FUNNEL[name](runtime, organization_id, event["subject"])
    if name in CONCERNS:
        follow(runtime, event)
    if name in usage.TOLD_BY:
        usage.TOLD_BY[name](runtime, organization_id, event)


handler = worker(ReportWorker, work)
