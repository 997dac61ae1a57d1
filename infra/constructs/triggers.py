"""What starts a worker: a queue, a table's stream, or the clock."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.permissions import allow

PARTIAL = ["ReportBatchItemFailures"]
# Rows that are themselves events: those with `pending` (outbox and inbox), and clicks, which nobody waits for.
EVENT_ROWS: tuple[dict[str, object], ...] = (
    {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"pending": {"S": [{"exists": True}]}}}},
    {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "click#"}]}}}},
)


def consume_permission(queue_arns: Sequence[str]) -> iam.PolicyStatement:
    return allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue_arns)


def read_streams_permission(stream_arns: Sequence[str]) -> iam.PolicyStatement:
    return allow(["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], stream_arns)


def on_queue(
    scope: Construct,
    name: str,
    function: lambda_.IFunction,
    queue_arn: str,
    *,
    at_once: int,
    batch: int,
    window: int = 0,
) -> None:
    """`at_once` environments at most: the queue is where a burst waits, not the vendor or a hot row."""
    lambda_.CfnEventSourceMapping(
        scope,
        f"On{name.capitalize()}",
        function_name=function.function_arn,
        event_source_arn=queue_arn,
        batch_size=batch,
        maximum_batching_window_in_seconds=window,
        function_response_types=PARTIAL,
        scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=at_once),
    )


def on_stream(scope: Construct, name: str, function: lambda_.IFunction, stream_arn: str, failures_arn: str) -> None:
    """Default settings would let one poison record block its shard for a day."""
    lambda_.CfnEventSourceMapping(
        scope,
        f"On{name.capitalize()}Stream",
        function_name=function.function_arn,
        event_source_arn=stream_arn,
        starting_position="TRIM_HORIZON",
        batch_size=100,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=5,
        maximum_record_age_in_seconds=3600,
        function_response_types=PARTIAL,
        filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
            filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(rows)) for rows in EVENT_ROWS]
        ),
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
            on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=failures_arn)
        ),
    )


def on_clock(scope: Construct, name: str, function: lambda_.IFunction, *, minutes: int) -> None:
    """Every so many minutes. A failed round is not repeated: the next one comes soon and does the same work."""
    events.Rule(
        scope,
        "Every",
        rule_name=name,
        schedule=events.Schedule.rate(Duration.minutes(minutes)),
        targets=[targets.LambdaFunction(function, retry_attempts=0, max_event_age=Duration.minutes(1))],
    )
