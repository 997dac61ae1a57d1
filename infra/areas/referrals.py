"""Referrals: the link's door, clicks, attribution and leads on their way to the CRM."""

from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.function import DOOR, WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    may = parts.may
    redirect = parts.function("redirect", DOOR, may.table(names.CORE, "GetItem"), may.table(names.TRAFFIC, "PutItem"))
    parts.api.route(
        redirect.function,
        [HttpMethod.GET, HttpMethod.HEAD],
        "/r/{code}",
        guard="A referral link is public by purpose; throttled, and codes are too long to guess.",
    )
    parts.worker(
        "click_worker",
        WORKER,
        # Counts are approximate within the day: few environments with full batches spare the hot link rows. A batch
        # is one write of each link in it, so it holds far more than a hundred: half-empty ones come between.
        (Feed(names.CLICKS, at_once=2, batch=1000, window=5),),
        may.state(),
    )
    parts.worker(
        "referral_worker",
        WORKER,
        (Feed(names.REFERRALS, at_once=10),),
        may.state(),
        may.ledger(),
        may.platform_secret(),
        may.send(names.REFERRALS),
        schedules=True,  # automatic approval after the hold
    )
    parts.worker(
        "lead_worker",
        WORKER,
        (Feed(names.LEADS, at_once=5),),
        may.state(),
        may.tenant_secrets("Decrypt"),
        may.platform_secret(),
        may.send(names.LEADS),
        schedules=True,
    )
