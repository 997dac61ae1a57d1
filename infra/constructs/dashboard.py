"""The operators' first dashboard, and the alarms on doors, payouts and sends."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.alarms import Alarms, product_metric
from infra.constructs.work_queue import dead_letters
from infra.stages import Stage
from moref.kernel import names
from moref.kernel.env import CONTRACTS

HOT_DOORS = ("redirect", "crm_webhook")
SLOW_DOOR_MS = 1000


def _queue_metric(stage: Stage, queue: str, metric: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/SQS",
        metric_name=metric,
        dimensions_map={"QueueName": stage.resource(queue)},
        statistic="Maximum",
        period=Duration.minutes(1),
        label=queue,
    )


def _function_metric(stage: Stage, function: str, metric: str, statistic: str) -> cloudwatch.Metric:
    """Without a label: an alarm on a labelled metric becomes metric math, which the embedded AWS refuses."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=metric,
        dimensions_map={"FunctionName": stage.resource(function)},
        statistic=statistic,
        period=Duration.minutes(5),
    )


def _alarm_doors(stage: Stage, api: apigw.HttpApi, alarms: Alarms) -> cloudwatch.Alarm:
    public = alarms.add(
        "doors-5xx",
        api.metric_server_error(period=Duration.minutes(5), statistic="Sum"),
        above=5,
        todo="The public API answers 5xx. CRMs retry, customers do not: look at the access log for the route, then at "
        "that function's log, then at DynamoDB's health.",
    )
    for door in HOT_DOORS:
        alarms.add(
            f"{door.replace('_', '-')}-slow",
            _function_metric(stage, door, "Duration", "p99"),
            above=SLOW_DOOR_MS,
            periods=3,
            todo=f"The slowest hundredth of {door} takes over {SLOW_DOOR_MS} ms. Compare cold starts (Init Duration in "
            "the log) with DynamoDB's latency; a new import in the door is the usual cause.",
        )
    return public


def _alarm_product(alarms: Alarms) -> None:
    alarms.add(
        "payout-needs-person",
        product_metric("payout_needs_person"),
        above=0,
        todo="A payout waits for a person: list payouts with status needs_person; each says why. Never order again "
        "by hand before the provider was asked for our id.",
    )
    alarms.add(
        "payout-unknown",
        product_metric("payout_unknown", minutes=15),
        above=0,
        periods=4,
        todo="Payouts have been UNKNOWN for an hour. Check the provider's status page and reconcile's log; it "
        "asks the provider every 15 minutes and settles them once it gets an answer.",
    )
    alarms.add(
        "messages-failed",
        product_metric("message_failed", minutes=15),
        above=10,
        todo="Many messages failed. List messages with status failed and group by reason: a sender's registration, a "
        "provider outage or a bad template. The stop switch for sends holds the rest back.",
    )
    alarms.add(
        "sign-in-mail",
        product_metric("sign_in_mail_failed"),
        above=0,
        todo="Codes to sign in do not leave: SES has stopped us, or did not answer. Who signs in with Google still "
        "gets in.",
    )


def operators_dashboard(scope: Construct, stage: Stage, api: apigw.HttpApi, alarms: Alarms) -> cloudwatch.Alarm:
    """One screen: doors, queues, payouts, sends. Returns the alarm of the public address."""
    public = _alarm_doors(stage, api, alarms)
    _alarm_product(alarms)

    def graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(metrics), width=12, region=Aws.REGION)

    def counts(title: str, *metric_names: str) -> cloudwatch.GraphWidget:
        return graph(title, *(product_metric(name) for name in metric_names))

    cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=stage.resource("operators"),
        default_interval=Duration.hours(12),
        widgets=[
            [
                graph("Requests and 5xx", api.metric_count(), api.metric_server_error(), api.metric_client_error()),
                graph("Doors, p99 ms", *(_function_metric(stage, door, "Duration", "p99") for door in HOT_DOORS)),
            ],
            [
                graph(
                    "Oldest waiting work, s",
                    *(_queue_metric(stage, name, "ApproximateAgeOfOldestMessage") for name in names.QUEUES),
                ),
                graph(
                    "Dead letters",
                    *(
                        _queue_metric(stage, dead_letters(name), "ApproximateNumberOfMessagesVisible")
                        for name in names.QUEUES
                    ),
                ),
            ],
            [
                counts("Payouts", "payout_needs_person", "payout_unknown"),
                counts("Sends and clicks lost", "message_failed", "click_unrecorded"),
                counts("Sign-in", "sign_in_mail_sent", "sign_in_mail_failed", "refresh_token_reused"),
            ],
            [
                graph(
                    "Time to payout, slowest twentieth, s",
                    *(
                        product_metric(name).with_(statistic="p95")
                        for name in ("time_to_payout_seconds", "approval_to_payout_seconds")
                    ),
                ),
            ],
            [
                graph("Errors", *(_function_metric(stage, name, "Errors", "Sum") for name in CONTRACTS)),
                graph("Router behind, ms", _function_metric(stage, "stream_router", "IteratorAge", "Maximum")),
            ],
        ],
    )
    return public
