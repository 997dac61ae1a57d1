"""Billing: what the platform's own processor is asked about subscriptions."""

from aws_cdk import Duration

from infra.constructs.function import Size
from infra.constructs.parts import Feed, Parts
from moref.kernel import names

# Up to four calls of the processor, who may take 7 seconds for each; the library is a large one.
BILLING = Size(512, Duration.seconds(30))


def build(parts: Parts) -> None:
    may = parts.may
    parts.worker(
        "billing_worker",
        BILLING,
        (Feed(names.BILLING, at_once=2, batch=1, late_after=Duration.minutes(60)),),
        may.state(),
        may.tenant_secrets("Decrypt"),
    )
