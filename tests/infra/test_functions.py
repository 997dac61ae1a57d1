"""Functions: one a contract, with exactly its environment and no more than it needs around it."""

from collections import defaultdict

from infra.constructs.layers import ROOT
from moref.kernel.env import CONTRACTS
from tests.infra.template import Cloud

DOORS_WITHOUT_DEPS = {"redirect", "crm_webhook"}


def test_the_functions_folder_holds_the_contracts_and_nothing_else() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    assert folders == set(CONTRACTS)


def test_every_contract_has_its_function(cloud: Cloud) -> None:
    functions = {resource.properties["FunctionName"] for resource in cloud.of("AWS::Lambda::Function")}
    assert functions == {f"moref-{cloud.stage}-{name}" for name in CONTRACTS}


def test_environment_is_the_contract_to_the_letter(cloud: Cloud) -> None:
    for name, contract in CONTRACTS.items():
        variables = cloud.function(name).properties["Environment"]["Variables"]
        assert set(variables) == {field.upper() for field in contract.fields()}, name
        assert all(variables.values()), name
        assert contract.from_env(variables).stage == cloud.stage


def test_handler_and_code_are_the_functions_own(cloud: Cloud) -> None:
    for name in CONTRACTS:
        properties = cloud.function(name).properties
        assert properties["Handler"] == f"{name}.handler.handler"
        asset = cloud.folder / f"asset.{properties['Code']['S3Key'].removesuffix('.zip')}"
        assert [path.name for path in asset.iterdir()] == [name], "a function carries only its own folder"
        source = (ROOT / "functions" / name / "handler.py").read_bytes()
        assert (asset / name / "handler.py").read_bytes() == source


def test_runtime_is_the_newest_on_arm_without_tracing(cloud: Cloud) -> None:
    for resource in cloud.of("AWS::Lambda::Function"):
        assert resource.properties["Runtime"] == "python3.14"
        assert resource.properties["Architectures"] == ["arm64"]
        assert "TracingConfig" not in resource.properties
        assert "ReservedConcurrentExecutions" not in resource.properties


def test_two_hot_doors_carry_our_code_only(aws_cloud: Cloud) -> None:
    layers = {name: len(aws_cloud.function(name).properties["Layers"]) for name in CONTRACTS}
    assert {name for name, count in layers.items() if count == 1} == DOORS_WITHOUT_DEPS
    assert set(layers.values()) == {1, 2}


def test_local_functions_leave_the_wheels_to_the_virtual_environment(clouds: dict[str, Cloud]) -> None:
    assert len(clouds["local"].of("AWS::Lambda::LayerVersion")) == 1


def test_logs_are_kept_for_a_while_and_not_for_ever(cloud: Cloud) -> None:
    groups = {resource.properties["LogGroupName"]: resource for resource in cloud.of("AWS::Logs::LogGroup")}
    assert {f"/aws/lambda/moref-{cloud.stage}-{name}" for name in CONTRACTS} < set(groups)
    assert all(group.properties["RetentionInDays"] in {14, 90} for group in groups.values())


def test_rounds_by_the_clock_end_before_the_next_begins(cloud: Cloud) -> None:
    minutes = {"sweeper": 2, "reconcile": 15}
    for rule in cloud.of("AWS::Events::Rule"):
        name = cloud.short(rule.properties["Name"])
        period = minutes.pop(name)
        assert rule.properties["ScheduleExpression"] == f"rate({period} minutes)"
        assert cloud.function(name).properties["Timeout"] < period * 60
        [target] = rule.properties["Targets"]
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert not minutes


def test_public_routes_lead_to_the_right_functions(cloud: Cloud) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for route in cloud.of("AWS::ApiGatewayV2::Route"):
        integration = cloud.target(route.properties["Target"].removeprefix("integrations/"))
        entry = cloud.target(integration.properties["IntegrationUri"])
        if entry.type == "AWS::Lambda::Alias":  # prod: see test_canary
            entry = cloud.target(entry.properties["FunctionName"])
        function = entry.properties["FunctionName"]
        owners[cloud.short(function)].add(route.properties["RouteKey"])
    both = ("/q/{code}", "/review/{token}", "/u/{token}", "/report/{token}", "/p/{token}")
    pages = {f"{method} {path}" for method in ("GET", "HEAD", "POST") for path in both}
    assert owners == {
        "redirect": {"GET /r/{code}", "HEAD /r/{code}"},
        "crm_webhook": {"POST /hooks/crm/{crm}/{token}"},
        "vendor_webhook": {"POST /hooks/{vendor}/{token}"},
        "pages": pages | {f"{method} {path}" for method in ("GET", "HEAD") for path in ("/ref.js", "/logo/{id}")},
        "api": {"ANY /v1/{proxy+}"},
    }
