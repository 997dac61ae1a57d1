"""Rewards: payouts, and the job that asks providers about answers that were lost."""

from aws_cdk import Duration

from infra.constructs.function import WORKER, Size
from infra.constructs.parts import Feed, Parts
from infra.constructs.triggers import on_clock
from moref.kernel import names

RECONCILE_EVERY_MINUTES = 15
# Far below the period, so that two rounds never overlap.
RECONCILE = Size(512, Duration.minutes(5))


def build(parts: Parts) -> None:
    may = parts.may
    parts.worker(
        "payout_worker",
        WORKER,
        (Feed(names.PAYOUTS, at_once=5),),
        may.state(),
        may.ledger(),
        may.tenant_secrets("Decrypt"),
        may.platform_secret(),
        may.send(names.PAYOUTS),
        schedules=True,
    )
    # Looks for open payouts and hands each to the worker, so that one that fails stops no other.
    reconcile = parts.function(
        "reconcile", RECONCILE, may.table(names.CORE, "GetItem", "Query"), may.send(names.PAYOUTS)
    )
    on_clock(reconcile, parts.stage.resource("reconcile"), reconcile.function, minutes=RECONCILE_EVERY_MINUTES)
