"""Outbox: every stored event reaches its queues; what the stream missed, the sweeper sends."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.function import WORKER, ProductFunction, Size
from infra.constructs.parts import Parts
from infra.constructs.permissions import allow
from infra.constructs.triggers import on_clock, on_stream, read_streams_permission
from infra.stages import Stage
from moref.kernel import names

SWEEP_EVERY_MINUTES = 2
# Ends before the next round starts: one sweeper at a time without reserving concurrency.
SWEEP = Size(512, Duration.seconds(60 * SWEEP_EVERY_MINUTES - 10))
STREAM_FAILURES = "stream-router-failed"
TABLES = (names.CORE, names.TRAFFIC)


def build(parts: Parts) -> None:
    _router(parts)
    _sweeper(parts)


def _router(parts: Parts) -> None:
    may = parts.may
    failures = _failures(parts.scope, parts.stage, parts.alarms)
    streams = [parts.stream_arns[table] for table in TABLES]
    router = parts.function(
        "stream_router",
        WORKER,
        read_streams_permission(streams),
        *(may.table(table, "UpdateItem") for table in TABLES),  # clears `pending` after the send
        may.send(*names.QUEUES),
        allow(["sqs:SendMessage"], [failures.queue_arn]),
    )
    for table, stream in zip(TABLES, streams, strict=True):
        on_stream(router, table, router.function, stream, failures.queue_arn)
    _watch(router, parts.alarms)


def _sweeper(parts: Parts) -> None:
    may = parts.may
    sweeper = parts.function(
        "sweeper",
        SWEEP,
        may.state(),  # rows that wait, and what areas find late in their own state
        may.index(names.TRAFFIC, "pending"),
        may.table(names.TRAFFIC, "GetItem", "UpdateItem"),
        may.send(*names.QUEUES),
    )
    on_clock(sweeper, parts.stage.resource("sweeper"), sweeper.function, minutes=SWEEP_EVERY_MINUTES)


def _failures(scope: Construct, stage: Stage, alarms: Alarms) -> sqs.Queue:
    """Holds where in the stream a record failed, not the record: the row itself stays `pending` for the sweeper."""
    queue = sqs.Queue(
        scope,
        "StreamFailures",
        queue_name=stage.resource(STREAM_FAILURES),
        retention_period=Duration.days(14),
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        removal_policy=stage.removal_policy,
    )
    acknowledge(queue, "AwsSolutions-SQS3", "It is itself where failures end: two streams.")
    alarms.add(
        STREAM_FAILURES,
        queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
        above=0,
        todo="The router gave up on stream records. The sweeper re-sends outbox and inbox rows; clicks are counted "
        "at night. Read its log for the cause; delete the message when the rows are no longer pending.",
    )
    return queue


def _watch(router: ProductFunction, alarms: Alarms) -> None:
    alarms.add(
        "stream-router-behind",
        router.function.metric("IteratorAge", statistic="Maximum", period=Duration.minutes(1)),
        above=120_000,  # milliseconds; the sweeper starts to help at two minutes
        periods=3,
        todo="Events reach their queues late. Look for a poison record in the router's log (it is given up after five "
        "tries) and for throttling of the function or of SQS.",
    )
