"""Intake: the CRMs' door and the worker that turns stored webhooks into facts."""

from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.function import DOOR, WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    may = parts.may
    door = parts.function(
        "crm_webhook",
        DOOR,
        may.table(names.CORE, "GetItem"),
        may.table(names.TRAFFIC, "PutItem"),
        may.tenant_secrets("Decrypt"),  # secrets that a vendor issued, once per environment
    )
    parts.api.route(
        door.function,
        [HttpMethod.POST],
        "/hooks/crm/{crm}/{token}",
        guard="The function verifies the CRM's signature over the raw body, which no authorizer sees.",
    )
    parts.worker(
        "inbox_worker",
        WORKER,
        (Feed(names.INBOX, at_once=10),),
        may.state(),
        may.table(names.TRAFFIC, "GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"),
        may.tenant_secrets("Decrypt"),
        may.platform_secret(),
        # A provider's notice settles a payout on the spot: its ledger entries, and its next look.
        may.ledger(),
        # INBOX: a record of a CRM to be read some seconds later; BILLING: whose subscription was told of.
        may.send(names.PAYOUTS, names.INBOX, names.BILLING),
        schedules=True,
    )
