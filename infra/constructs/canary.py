"""How new code reaches the public functions in prod: a tenth of the calls for five minutes, then all; alarms take it
back. Elsewhere a deploy takes effect at once."""

import re

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.stages import Stage

STAGE = "prod"
LIVE = "live"  # the alias that callers use
ERRORS = 2  # a minute; what a function does not catch, time-outs included

ALARMS = ("cloudwatch", "alarm:*")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Canary(Construct):
    """Only functions with public routes: a worker's failure goes back to its queue, a customer's is lost."""

    def __init__(self, scope: Construct, stage: Stage, alarms: Alarms) -> None:
        super().__init__(scope, "Canary")
        self._stage = stage
        self._alarms = alarms
        self._groups: dict[str, codedeploy.LambdaDeploymentGroup] = {}
        self._entries: dict[str, lambda_.IFunction] = {}

    def entry(self, function: lambda_.IFunction, id: str) -> lambda_.IFunction:
        """What to call instead of the function; made once for each, however often asked. `id`: its construct's."""
        if self._stage.name != STAGE:
            return function
        if id not in self._entries:
            self._entries[id] = self._guarded(function, id)
        return self._entries[id]

    def roll_back_on(self, alarm: cloudwatch.IAlarm) -> None:
        """A further alarm that takes back every deployment that is under way; after the last `entry`."""
        for group in self._groups.values():
            group.add_alarm(alarm)

    def _guarded(self, function: lambda_.IFunction, id: str) -> lambda_.IFunction:
        if not isinstance(function, lambda_.Function):
            raise TypeError("only a function made here has versions")
        name = _CAPITAL.sub("-", id).lower()
        alias = lambda_.Alias(self, f"{id}Live", alias_name=LIVE, version=function.current_version)
        self._groups[id] = codedeploy.LambdaDeploymentGroup(
            self,
            f"{id}Deployment",
            application=self._application(),
            deployment_group_name=self._stage.resource(name),
            alias=alias,
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
            alarms=[self._errors(alias, name)],
            auto_rollback=codedeploy.AutoRollbackConfig(
                deployment_in_alarm=True, failed_deployment=True, stopped_deployment=True
            ),
            role=self._role(),
        )
        return alias

    def _errors(self, alias: lambda_.Alias, name: str) -> cloudwatch.Alarm:
        return self._alarms.add(
            f"{name}-errors",
            alias.metric_errors(period=Duration.minutes(1), statistic="Sum"),
            above=ERRORS,
            todo=f"{name} ends in errors that it does not catch. While it is being deployed CodeDeploy takes it back "
            "by itself; otherwise its log names the error.",
        )

    def _application(self) -> codedeploy.ILambdaApplication:
        found = self.node.try_find_child("Application")
        if isinstance(found, codedeploy.LambdaApplication):
            return found
        return codedeploy.LambdaApplication(self, "Application", application_name=self._stage.resource("public"))

    def _role(self) -> iam.IRole:
        """What AWS's managed policy for CodeDeploy and Lambda allows, cut down to our own functions' aliases."""
        found = self.node.try_find_child("Role")
        if not isinstance(found, iam.Role):
            found = iam.Role(
                self,
                "Role",
                assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
                inline_policies={"deploy": iam.PolicyDocument(statements=self._statements())},
            )
            for resource in (ALARMS, self._functions):
                acknowledge(
                    found,
                    f"AwsSolutions-IAM5[Resource::{self._stage.readable_arn(*resource)}]",
                    "CodeDeploy asks for alarms by name in one call that names no resource, and moves the alias of any "
                    "public function of this stage.",
                )
        return found.without_policy_updates()  # or the CDK attaches the managed policy

    @property
    def _functions(self) -> tuple[str, str]:
        return "lambda", f"function:{self._stage.resource('*')}:{LIVE}"

    def _statements(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=[self._stage.arn(*ALARMS)]),
            iam.PolicyStatement(
                actions=["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
                resources=[self._stage.arn(*self._functions)],
            ),
        ]
