"""The public HTTP API: one default stage, logs without anything personal, throttled, no CORS."""

import json
from collections.abc import Sequence

from aws_cdk import CfnOutput, Tags
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.canary import Canary
from infra.stages import LOCAL_API_ID, Stage

# Never the path: codes and tokens in it are secrets. Never the caller's address: it is personal data.
LOGGED = {
    "requestId": "$context.requestId",
    "at": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "error": "$context.integrationErrorMessage",
}
RATE_PER_SECOND = 500
BURST = 1000


class ProductApi(Construct):
    """`endpoint` is its own address; where a stage has no address of its own, that is the product's base URL."""

    def __init__(self, scope: Construct, *, stage: Stage, canary: Canary) -> None:
        super().__init__(scope, "Http")
        self._canary = canary
        self.api = apigw.HttpApi(self, "Api", api_name=stage.resource("http"), create_default_stage=False)
        if stage.is_local:
            Tags.of(self.api).add("ms-custom-id", LOCAL_API_ID)
        self.endpoint = self.api.api_endpoint
        log_group = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/moref/{stage.name}/http",
            retention=stage.log_retention,
            removal_policy=stage.removal_policy,
        )
        apigw.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(LOGGED)
            ),
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=RATE_PER_SECOND, throttling_burst_limit=BURST, detailed_metrics_enabled=True
            ),
        )
        CfnOutput(scope, "ApiId", value=self.api.api_id)
        CfnOutput(scope, "ApiUrl", value=self.endpoint)

    def route(self, function: lambda_.IFunction, methods: Sequence[apigw.HttpMethod], *paths: str, guard: str) -> None:
        """Sends `methods` on each path to the function. `guard` says how the function itself decides who may."""
        owner = function.node.scope
        if owner is None:
            raise TypeError("a function of the product stands in its own construct")
        entry = self._canary.entry(function, owner.node.id)
        integration = HttpLambdaIntegration(f"{owner.node.id}Integration", entry)
        for path in paths:
            for route in self.api.add_routes(path=path, methods=list(methods), integration=integration):
                acknowledge(route, "AwsSolutions-APIG4", guard)
