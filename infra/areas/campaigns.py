"""Campaigns: enrollments and their steps."""

from infra.constructs.function import WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    may = parts.may
    parts.worker(
        "campaign_worker",
        WORKER,
        (Feed(names.CAMPAIGNS, at_once=10), Feed(names.STEPS, at_once=10)),
        may.state(),
        may.platform_secret(),
        may.send(names.STEPS, names.CAMPAIGNS),
        schedules=True,
    )
