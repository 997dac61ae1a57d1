"""GET, POST, PUT, PATCH, DELETE /v1/...: the staff's API."""

from typing import TYPE_CHECKING, Any

from moref.aws.compose import runtime
from moref.kernel.env import Api

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

resolvers: "list[APIGatewayHttpResolver]" = []  # one, made at the first call


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if not resolvers:
        from api.resolver import build

        resolvers.append(build(lambda: runtime(Api)))
    return resolvers[0].resolve(event, context)
