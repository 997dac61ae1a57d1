"""Pages that customers open: quote form, feedback, preferences, logos, and the script for a company's own site."""

from aws_cdk.aws_apigatewayv2 import HttpMethod

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import PAGE
from infra.constructs.parts import Parts


def build(parts: Parts) -> None:
    may = parts.may
    pages = parts.function("pages", PAGE, may.state(), may.platform_secret(), may.read_logos())
    acknowledge(
        pages.role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{parts.stage.readable_files_bucket}/*/logos/*]",
        "Logos are public; the first wildcard stands for their organization.",
    )
    parts.api.route(
        pages.function,
        [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST],
        "/q/{code}",
        "/review/{token}",
        "/u/{token}",
        "/report/{token}",
        "/p/{token}",
        guard="Customers have no account: the signed token in the link, checked by the function, is their permission.",
    )
    parts.api.route(
        pages.function,
        [HttpMethod.GET, HttpMethod.HEAD],
        "/ref.js",
        "/logo/{id}",
        guard="Public, the same for everybody: a script, and logos.",
    )
