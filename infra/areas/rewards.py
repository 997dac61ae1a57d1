"""Rewards: payouts, and the job that asks providers about answers that were lost."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from infra.constructs.function import WORKER, Size
from infra.constructs.parts import Feed, Parts
from infra.constructs.triggers import on_clock
from moref.kernel import names

RECONCILE_EVERY_MINUTES = 15
# Far below the period, so that two rounds never overlap.
RECONCILE = Size(512, Duration.minutes(5))


def build(parts: Parts) -> None:
    parts.worker("payout_worker", WORKER, (Feed(names.PAYOUTS, at_once=5),), *_payouts(parts), schedules=True)
    reconcile = parts.function("reconcile", RECONCILE, *_payouts(parts), schedules=True)
    on_clock(reconcile, parts.stage.resource("reconcile"), reconcile.function, minutes=RECONCILE_EVERY_MINUTES)


def _payouts(parts: Parts) -> list[iam.PolicyStatement]:
    may = parts.may
    return [
        may.state(),
        may.ledger(),
        may.tenant_secrets("Decrypt"),
        may.platform_secret(),
        may.send(names.PAYOUTS),
    ]
