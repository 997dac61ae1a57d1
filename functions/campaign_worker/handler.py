"""Queues campaigns and steps: what happened to jobs, feedback and payouts, and steps that are due."""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.campaigns.advance import advance
from moref.campaigns.enroll import follow_job
from moref.campaigns.fire_step import fire_step
from moref.campaigns.thank import thank
from moref.kernel.env import CampaignWorker
from moref.kernel.errors import Malformed
from moref.runtime import Runtime

_HEARS: dict[str, Callable[[Runtime, str, str], object]] = {
    "job.changed": follow_job,
    "feedback.given": advance,
    "payout.changed": thank,
}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id = message["organization_id"]
    if message.get("command") == "fire_step":
        fire_step(runtime, organization_id, message["enrollment_id"], message["step"])
    elif message.get("name") in _HEARS:
        _HEARS[message["name"]](runtime, organization_id, message["subject"])
    else:
        raise Malformed("neither an event nor a command of campaigns")


handler = worker(CampaignWorker, work)
