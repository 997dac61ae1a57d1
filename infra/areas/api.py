"""The staff API."""

from aws_cdk import Duration
from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.function import Size
from infra.constructs.parts import Parts
from infra.constructs.permissions import ITEMS
from moref.kernel import names

# Cancelling a payout asks the provider, who may take 13 seconds; the gateway waits for 29.
API = Size(512, Duration.seconds(20))


def build(parts: Parts) -> None:
    may = parts.may
    api = parts.function(
        "api",
        API,
        may.state(),
        may.table(names.TRAFFIC, *ITEMS),
        may.ledger(),
        may.platform_secret(),
        may.tenant_secrets("Encrypt", "Decrypt"),
        may.send(names.INBOX),  # replay of a stored webhook
        files=True,
    )
    parts.api.route(
        api.function,
        [HttpMethod.ANY],
        "/v1/{proxy+}",
        guard="The function verifies bearer tokens itself: an authorizer would be a second start and a second cache.",
    )
