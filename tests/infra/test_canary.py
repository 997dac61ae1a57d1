"""In prod new code of the public functions is tried on a tenth of the calls, and alarms take it back."""

import json
from pathlib import Path

from moref.kernel.env import CONTRACTS
from tests.infra.template import Cloud

PUBLIC = {"redirect", "crm_webhook", "vendor_webhook", "pages", "api"}


def test_only_prod_shifts_traffic(clouds: dict[str, Cloud]) -> None:
    for stage, cloud in clouds.items():
        shifted = [each for each in cloud.all if each.type.startswith("AWS::CodeDeploy") or "Alias" in each.type]
        assert any(each.type == "AWS::CodeDeploy::DeploymentGroup" for each in shifted) is (stage == "prod")
        assert any(each.type == "AWS::Lambda::Alias" for each in shifted) is (stage == "prod")


def test_every_public_function_is_called_through_its_alias(clouds: dict[str, Cloud]) -> None:
    prod = clouds["prod"]
    aliases = {each.id: each for each in prod.of("AWS::Lambda::Alias")}
    called = set()
    for integration in prod.of("AWS::ApiGatewayV2::Integration"):
        alias = prod.target(integration.properties["IntegrationUri"])
        assert alias.id in aliases, "nobody calls a function past its alias"
        called.add(prod.short(prod.target(alias.properties["FunctionName"]).properties["FunctionName"]))
    assert called == PUBLIC <= set(CONTRACTS)
    assert len(aliases) == len(PUBLIC)
    for permission in prod.of("AWS::Lambda::Permission"):
        if permission.properties["Principal"] == "apigateway.amazonaws.com":
            assert prod.target(permission.properties["FunctionName"]).id in aliases


def test_a_tenth_for_five_minutes_and_back_on_alarm(clouds: dict[str, Cloud], assembly: Path) -> None:
    prod = clouds["prod"]
    groups = {each.id: each for each in prod.of("AWS::CodeDeploy::DeploymentGroup")}
    assert len(groups) == len(PUBLIC)
    for group in groups.values():
        properties = group.properties
        assert properties["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        assert set(properties["AutoRollbackConfiguration"]["Events"]) >= {
            "DEPLOYMENT_STOP_ON_ALARM",
            "DEPLOYMENT_FAILURE",
        }
        assert properties["AlarmConfiguration"]["Enabled"]
        alarms = [prod.target(alarm["Name"]).properties for alarm in properties["AlarmConfiguration"]["Alarms"]]
        own = prod.short(properties["DeploymentGroupName"])
        assert {prod.short(alarm["AlarmName"]) for alarm in alarms} == {f"{own}-errors", "doors-5xx"}
    # Without the update policy a deploy would move the alias at once.
    template = json.loads((assembly / "moref-prod-service.template.json").read_text())["Resources"]
    for alias in prod.of("AWS::Lambda::Alias"):
        policy = template[alias.id]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert policy["DeploymentGroupName"]["Ref"] in groups


def test_the_alias_alarm_watches_what_callers_reach(clouds: dict[str, Cloud]) -> None:
    prod = clouds["prod"]
    for name in PUBLIC:
        wanted = f"moref-prod-{name.replace('_', '-')}-errors"
        alarm = prod.named("AWS::CloudWatch::Alarm", "AlarmName", wanted).properties
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("Errors", "Sum", 60)
        resource = next(each["Value"] for each in alarm["Dimensions"] if each["Name"] == "Resource")
        assert resource.endswith(":live")


def test_deployments_may_move_aliases_of_ours_and_nothing_else(clouds: dict[str, Cloud]) -> None:
    prod = clouds["prod"]
    [role] = {each.properties["ServiceRoleArn"] for each in prod.of("AWS::CodeDeploy::DeploymentGroup")}
    allowed = {
        action: statement["Resource"]
        for statement in prod.statements(prod.target(role))
        for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    }
    assert set(allowed) == {
        "cloudwatch:DescribeAlarms",
        "lambda:GetAlias",
        "lambda:UpdateAlias",
        "lambda:GetProvisionedConcurrencyConfig",
    }
    assert allowed["lambda:UpdateAlias"].endswith(":function:moref-prod-*:live")
