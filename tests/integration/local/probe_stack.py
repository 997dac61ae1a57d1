"""A small hand-made stack with every kind of joint that the product has, and helpers to look into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.cloud import Cloud
from infra.local.deploy import deploy_template

CODE = (Path(__file__).parent / "probe_functions.py").read_text()
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:probe-work"
NAME = "probe"
Resource = dict[str, Any]


def _function(handler: str, version: str) -> Resource:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"probe-{handler}",
            "Runtime": "python3.13",
            "Handler": f"index.{handler}",
            "Role": "arn:aws:iam::000000000000:role/probe",
            "Timeout": 10,
            "Code": {"ZipFile": CODE},
            "Environment": {"Variables": {"VERSION": version, "QUEUE_ARN": QUEUE_ARN}},
        },
    }


def _table(name: str, **more: Any) -> Resource:
    keys = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **keys, **more},
    }


def _route(key: str, function: str) -> dict[str, Resource]:
    integration = {
        "ApiId": {"Ref": "Api"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    target = {"Fn::Join": ["/", ["integrations", {"Ref": f"{function}Integration"}]]}
    return {
        f"{function}Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
        f"{function}Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": key, "Target": target},
        },
    }


def template(version: str = "1") -> dict[str, Any]:
    """The stack's template; another version is another environment of its functions."""
    handlers = ("echo", "slow", "silent", "stream", "work", "tick")
    resources: dict[str, Resource] = {handler.title(): _function(handler, version) for handler in handlers}
    resources["Slow"]["Properties"]["Timeout"] = 1
    resources |= {
        "Notes": _table("probe-notes"),
        "Source": _table(
            "probe-source",
            StreamSpecification={"StreamViewType": "KEYS_ONLY"},
            TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
        ),
        "Failed": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "probe-failed"}},
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "probe-dead"}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "probe-work",
                "VisibilityTimeout": 60,
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 2},
            },
        },
        "QueueMapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Work"},
                "BatchSize": 1,
            },
        },
        "StreamMapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Source", "StreamArn"]},
                "FunctionName": {"Ref": "Stream"},
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 10,
                "MaximumRetryAttempts": 2,
                "BisectBatchOnFunctionError": True,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Failed", "Arn"]}}},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "probe-rule",
                "ScheduleExpression": "rate(15 minutes)",
                "State": "ENABLED",
                "Targets": [{"Id": "tick", "Arn": {"Fn::GetAtt": ["Tick", "Arn"]}}],
            },
        },
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "probe",
                "ProtocolType": "HTTP",
                "Tags": {"ms-custom-id": "moref001"},
                "CorsConfiguration": {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET", "POST"]},
            },
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        **_route("ANY /echo/{proxy+}", "Echo"),
        **_route("GET /silent", "Silent"),
    }
    return {"Resources": resources, "Outputs": {"ApiId": {"Value": {"Ref": "Api"}}}}


def deploy(cloud: Cloud, version: str = "1") -> dict[str, str]:
    return deploy_template(NAME, template(version), cloud.boto)


def notes(cloud: Cloud, kind: str) -> list[dict[str, Any]]:
    """What the functions saw, in order of their own clocks."""
    items = cloud.boto("dynamodb").scan(TableName="probe-notes", ConsistentRead=True)["Items"]
    found = [json.loads(item["note"]["S"]) for item in items]
    return sorted((note for note in found if note["kind"] == kind), key=lambda note: float(note["at"]))


def put(cloud: Cloud, *keys: str) -> None:
    """Write several items at once, so that their stream records come in one batch."""
    requests = [{"PutRequest": {"Item": {"pk": {"S": key}}}} for key in keys]
    cloud.boto("dynamodb").batch_write_item(RequestItems={"probe-source": requests})


def schedule(cloud: Cloud, at: float, name: str, **message: Any) -> None:
    """A one-time schedule to the work queue."""
    cloud.boto("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": QUEUE_ARN,
            "RoleArn": "arn:aws:iam::000000000000:role/probe",
            "Input": json.dumps({"name": name, **message}),
        },
    )


def messages_in(cloud: Cloud, queue: str) -> list[dict[str, Any]]:
    """Take everything out of a queue."""
    sqs, taken = cloud.boto("sqs"), []
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in received:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken.append(json.loads(message["Body"]))
    return taken
