"""Reporting: counters of what campaigns achieved."""

from aws_cdk import Duration

from infra.constructs.function import WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    may = parts.may
    parts.worker(
        "report_worker",
        WORKER,
        # A campaign's day at a location is one row: more at once would only lose races against each other. A large
        # sending is counted for some minutes, so late means longer than elsewhere.
        (Feed(names.REPORTS, at_once=2, late_after=Duration.minutes(60)),),
        may.state(),
        may.send(names.REPORTS),
    )
