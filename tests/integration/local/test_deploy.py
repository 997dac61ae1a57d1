"""A stack is deployed with boto3 alone, and what CloudFormation ignores there is applied."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.deploy import DeployFailed, deploy_assembly, deploy_template
from tests.integration.local import probe_stack

pytestmark = pytest.mark.cloud


def test_the_api_gets_its_fixed_id(probe: Cloud) -> None:
    assert probe_stack.deploy(probe)["ApiId"] == "moref001"


def test_ttl_and_cors_of_the_template_hold(probe: Cloud) -> None:
    ttl = probe.boto("dynamodb").describe_time_to_live(TableName="probe-source")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    cors = probe.boto("apigatewayv2").get_api(ApiId="moref001")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://example.com"]


def test_an_update_replaces_what_runs(probe: Cloud) -> None:
    probe_stack.deploy(probe, version="2")
    assert requests.get(f"{probe.url}/echo/x", timeout=30).json()["version"] == "2"
    probe_stack.deploy(probe, version="1")
    assert requests.get(f"{probe.url}/echo/x", timeout=30).json()["version"] == "1"


def test_a_refused_stack_says_why(probe: Cloud) -> None:
    template = {"Resources": {"Wrong": {"Type": "AWS::CloudTrail::Trail", "Properties": {}}}}
    with pytest.raises(DeployFailed, match="CloudTrail"):
        deploy_template("probe-wrong", template, probe.boto)


def test_an_assembly_is_deployed_with_its_assets(probe: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "asset.code"
    folder.mkdir()
    (folder / "index.py").write_text("def hello(event, context):\n    return 'hello'\n")
    bucket, key = "cdk-assets-${AWS::AccountId}-${AWS::Region}", "code.zip"
    destination = {"bucketName": bucket, "objectKey": key}
    assets = {"h": {"source": {"path": "asset.code", "packaging": "zip"}, "destinations": {"x": destination}}}
    (tmp_path / "second.assets.json").write_text(json.dumps({"files": assets}))
    (tmp_path / "first.assets.json").write_text(json.dumps({"files": {}}))
    properties = {
        "FunctionName": "probe-asset",
        "Runtime": "python3.13",
        "Handler": "index.hello",
        "Role": "arn:aws:iam::000000000000:role/probe",
        "Code": {"S3Bucket": "cdk-assets-000000000000-us-east-1", "S3Key": key},
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    (tmp_path / "second.template.json").write_text(json.dumps({"Resources": {"F": function}}))
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "probe-first"}}
    (tmp_path / "first.template.json").write_text(json.dumps({"Resources": {"Q": queue}}))
    stack = {"type": "aws:cloudformation:stack"}
    artifacts = {
        "second": {**stack, "dependencies": ["first", "x.assets"]},
        "first": stack,
        "Tree": {"type": "cdk:tree"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))

    assert list(deploy_assembly(tmp_path, probe.boto)) == ["first", "second"]
    assert list(deploy_assembly(tmp_path, probe.boto)) == ["first", "second"]
    answer = probe.boto("lambda").invoke(FunctionName="probe-asset", Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == "hello"
    with probe.boto("s3").get_object(Bucket="cdk-assets-000000000000-us-east-1", Key=key)["Body"] as body:
        (tmp_path / "back.zip").write_bytes(body.read())
    assert zipfile.ZipFile(tmp_path / "back.zip").namelist() == ["index.py"]
