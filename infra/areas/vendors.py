"""The door for webhooks of reward providers and message carriers."""

from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.function import PAGE
from infra.constructs.parts import Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    may = parts.may
    door = parts.function(
        "vendor_webhook",
        PAGE,
        may.table(names.CORE, "GetItem"),
        may.table(names.TRAFFIC, "PutItem"),
        may.tenant_secrets("Decrypt"),
    )
    parts.api.route(
        door.function,
        [HttpMethod.POST],
        "/hooks/{vendor}/{token}",
        guard="The function verifies the vendor's signature over the raw body, which no authorizer sees.",
    )
