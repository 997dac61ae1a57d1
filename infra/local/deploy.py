"""Deploys a synthesised cloud assembly with boto3 alone: no CDK command line, no bootstrap stack, no Docker.

Also applies what ministack's CloudFormation accepts and ignores: a table's TTL and an HTTP API's CORS settings.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.layout import ACCOUNT, REGION

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
FIXED_DATE = (2020, 1, 1, 0, 0, 0)
Client = Callable[[str], Any]


class DeployFailed(Exception):
    """A stack did not reach a complete state; the message names the resources and reasons."""


def _filled_in(text: str) -> str:
    return (
        text.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION).replace("${AWS::Partition}", "aws")
    )


def stacks_in_order(assembly: Path) -> list[str]:
    """Names of the assembly's stacks, each after those it depends on."""
    manifest = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {name: art for name, art in manifest.items() if art["type"] == "aws:cloudformation:stack"}
    ordered: list[str] = []

    def place(name: str) -> None:
        for other in stacks[name].get("dependencies", []):
            if other in stacks:
                place(other)
        if name not in ordered:
            ordered.append(name)

    for name in stacks:
        place(name)
    return ordered


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), FIXED_DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _upload_assets(assembly: Path, stack: str, client: Client) -> None:
    s3 = client("s3")
    listed = json.loads((assembly / f"{stack}.assets.json").read_text())["files"]
    buckets = set()
    for asset in listed.values():
        source = assembly / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = _filled_in(destination["bucketName"]), _filled_in(destination["objectKey"])
            if bucket not in buckets:
                s3.create_bucket(Bucket=bucket)
                buckets.add(bucket)
            if not _exists(s3, bucket, key):
                content = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
                s3.put_object(Bucket=bucket, Key=key, Body=content)


def _exists(s3: Any, bucket: str, key: str) -> bool:
    """Assets are named by their content, so one that is there is the right one."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def deploy_template(stack: str, template: dict[str, Any], client: Client) -> dict[str, str]:
    """Create or update one stack from a template; returns its outputs. Raises DeployFailed."""
    s3, bucket = client("s3"), f"moref-templates-{ACCOUNT}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=f"{stack}.json", Body=json.dumps(template).encode())
    _create_or_update(stack, f"{s3.meta.endpoint_url}/{bucket}/{stack}.json", client)
    _apply_ignored(stack, template, client)
    return outputs_of(stack, client)


def _create_or_update(stack: str, template_url: str, client: Client) -> None:
    cloudformation = client("cloudformation")
    # By address, because an inline template is limited to 51,200 bytes.
    request = {"StackName": stack, "TemplateURL": template_url, "Capabilities": CAPABILITIES}
    try:
        cloudformation.create_stack(**request)
        outcome = "stack_create_complete"
    except cloudformation.exceptions.AlreadyExistsException:
        if not _update(cloudformation, request):
            return
        outcome = "stack_update_complete"
    except ClientError as error:
        raise DeployFailed(f"{stack}: {error}") from error
    _await(cloudformation, stack, outcome)


def _update(cloudformation: Any, request: dict[str, Any]) -> bool:
    """Begin an update; False when the stack is as the template says already."""
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates" in str(error):
            return False
        raise DeployFailed(f"{request['StackName']}: {error}") from error
    return True


def _await(cloudformation: Any, stack: str, outcome: str) -> None:
    from botocore.exceptions import WaiterError

    try:
        cloudformation.get_waiter(outcome).wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
        ]
        raise DeployFailed("\n".join([f"{stack}: {error}", *reasons])) from error


def _apply_ignored(stack: str, template: dict[str, Any], client: Client) -> None:
    resources = template["Resources"]
    kinds = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::ApiGatewayV2::Api")
    if not any(resource["Type"] in kinds for resource in resources.values()):
        return
    listed = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
    for logical, resource in resources.items():
        settings = resource.get("Properties", {})
        if resource["Type"] in kinds[:2]:
            _apply_ttl(physical[logical], settings.get("TimeToLiveSpecification"), client)
        elif resource["Type"] == kinds[2] and "CorsConfiguration" in settings:
            client("apigatewayv2").update_api(ApiId=physical[logical], CorsConfiguration=settings["CorsConfiguration"])


def _apply_ttl(table: str, specification: dict[str, Any] | None, client: Client) -> None:
    dynamodb = client("dynamodb")
    now = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if specification and specification.get("Enabled") and now.get("TimeToLiveStatus") != "ENABLED":
        wanted = {"Enabled": True, "AttributeName": specification["AttributeName"]}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def outputs_of(stack: str, client: Client) -> dict[str, str]:
    found = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def deploy_assembly(assembly: Path, client: Client) -> dict[str, dict[str, str]]:
    """Deploy every stack of an assembly, in order; returns outputs by stack name. Safe to repeat."""
    client("ssm").put_parameter(Name=BOOTSTRAP_PARAMETER, Value="30", Type="String", Overwrite=True)
    outputs = {}
    for stack in stacks_in_order(assembly):
        _upload_assets(assembly, stack, client)
        template = json.loads((assembly / f"{stack}.template.json").read_text())
        outputs[stack] = deploy_template(stack, template, client)
    return outputs
