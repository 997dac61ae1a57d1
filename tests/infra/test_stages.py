"""Stages: the same product, and nothing of the desk machine in AWS."""

import json
import re
from pathlib import Path

import pytest

from infra.stages import read_stage
from moref.kernel.env import CONTRACTS
from tests.infra.template import Cloud

LOOPBACK = re.compile(r"127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0|169\.254\.")


def _variables(cloud: Cloud) -> list[dict[str, str]]:
    return [cloud.function(name).properties["Environment"]["Variables"] for name in CONTRACTS]


def test_loopback_appears_in_the_local_stage_only(clouds: dict[str, Cloud], assembly: Path) -> None:
    found = {path.name.split("-")[1] for path in assembly.glob("*.template.json") if LOOPBACK.search(path.read_text())}
    assert found == {"local"}


def test_vendors_are_the_real_ones_in_aws(aws_cloud: Cloud) -> None:
    urls = {variables["VENDOR_URLS"] for variables in _variables(aws_cloud) if "VENDOR_URLS" in variables}
    assert urls == {"{}"}


def test_vendors_are_the_desk_locally(clouds: dict[str, Cloud]) -> None:
    [text] = {variables["VENDOR_URLS"] for variables in _variables(clouds["local"]) if "VENDOR_URLS" in variables}
    assert json.loads(text) == {
        "google": "http://127.0.0.1:4601/google",
        "sendgrid": "http://127.0.0.1:4601/sendgrid",
        "smartmoving": "http://127.0.0.1:4601/smartmoving",
        "sns": "http://127.0.0.1:4601/sns",
        "stripe": "http://127.0.0.1:4601/stripe",
        "tremendous": "http://127.0.0.1:4601/tremendous/api/v2",
        "twilio": "http://127.0.0.1:4601/twilio",
    }


def test_local_addresses_follow_the_port_base() -> None:
    stage = read_stage("local", {}, {"MOREF_PORT_BASE": "5200"})
    assert stage.base_url == "http://127.0.0.1:5200"
    assert "127.0.0.1:5201/twilio" in stage.vendor_urls
    assert stage.queue_prefix == "http://127.0.0.1:5202/000000000000/"


def test_settings_of_a_stage_come_from_context() -> None:
    context = {"base_url": "https://go.example.com/", "mail_domain": "example.com", "alarm_email": None}
    stage = read_stage("prod", context, {})
    assert (stage.base_url, stage.mail_from) == ("https://go.example.com", "no-reply@example.com")


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown stage 'staging'"):
        read_stage("staging", {}, {})


def test_without_an_address_of_its_own_a_stage_uses_the_apis(aws_cloud: Cloud) -> None:
    [url] = {variables["BASE_URL"] for variables in _variables(aws_cloud) if "BASE_URL" in variables}
    [api] = aws_cloud.of("AWS::ApiGatewayV2::Api")
    assert url == f"${{{api.id}.ApiEndpoint}}"


def test_the_local_api_keeps_its_id(clouds: dict[str, Cloud]) -> None:
    [api] = clouds["local"].of("AWS::ApiGatewayV2::Api")
    assert api.properties["Tags"]["ms-custom-id"] == "moref001"
    [api] = clouds["prod"].of("AWS::ApiGatewayV2::Api")
    assert "Tags" not in api.properties


def test_the_api_throttles_and_logs_neither_path_nor_address(cloud: Cloud) -> None:
    [stage] = cloud.of("AWS::ApiGatewayV2::Stage")
    assert stage.properties["StageName"] == "$default"
    assert stage.properties["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    logged = stage.properties["AccessLogSettings"]["Format"]
    assert "$context.routeKey" in logged
    assert not re.search(r"context\.(path|identity|domainName|http|authorizer)|\$request", logged)
    [api] = cloud.of("AWS::ApiGatewayV2::Api")
    assert "CorsConfiguration" not in api.properties


def test_the_local_stage_uses_nothing_the_embedded_aws_refuses(clouds: dict[str, Cloud]) -> None:
    refused = {
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::WAFv2::WebACLAssociation",
    }
    used = {resource.type for resource in clouds["local"].all}
    assert not used & refused
    for alarm in clouds["local"].of("AWS::CloudWatch::Alarm"):
        assert "Metrics" not in alarm.properties, "metric math"


def test_two_keys_may_be_live_while_tokens_change_from_one_to_the_other() -> None:
    assert read_stage("prod", {}, {}).token_keys == "1"
    assert read_stage("prod", {"token_keys": "2,1"}, {}).token_keys == "2,1"
    for wrong in ("1,1", "3,2,1", "a b", ","):
        with pytest.raises(ValueError, match="token_keys"):
            read_stage("prod", {"token_keys": wrong}, {})
