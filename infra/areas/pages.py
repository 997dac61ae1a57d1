"""Pages that customers open: quote form, feedback, preferences, and the script for a company's own site."""

from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.function import PAGE
from infra.constructs.parts import Parts


def build(parts: Parts) -> None:
    may = parts.may
    pages = parts.function("pages", PAGE, may.state(), may.platform_secret())
    parts.api.route(
        pages.function,
        [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST],
        "/q/{code}",
        "/review/{token}",
        "/u/{token}",
        guard="Customers have no account: the signed token in the link, checked by the function, is their permission.",
    )
    parts.api.route(
        pages.function,
        [HttpMethod.GET, HttpMethod.HEAD],
        "/ref.js",
        guard="A public script, the same for everybody.",
    )
