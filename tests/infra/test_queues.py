"""Queues and what they feed: nothing is delivered twice for slowness, nothing poisonous blocks the rest."""

import json

from infra.constructs.work_queue import MAX_RECEIVES
from moref.kernel import names
from tests.infra.template import Cloud

QUEUE_OF_STREAM_FAILURES = "stream-router-failed"


def _sources(cloud: Cloud, *, streams: bool) -> list[dict[str, object]]:
    mappings = [mapping.properties for mapping in cloud.of("AWS::Lambda::EventSourceMapping")]
    found = [dict(each) for each in mappings if ("StartingPosition" in each) is streams]
    assert found
    return found


def test_work_queues_are_the_ones_the_code_names(cloud: Cloud) -> None:
    found = {cloud.short(queue.properties["QueueName"]) for queue in cloud.of("AWS::SQS::Queue")}
    others = {QUEUE_OF_STREAM_FAILURES} | ({f"{names.MAIL_EVENTS}-lost"} if cloud.stage != "local" else set())
    assert found == {*names.QUEUES, *(f"{name}-dlq" for name in names.QUEUES), *others}


def test_each_queue_hands_poison_to_its_own_dead_letters_for_two_weeks(cloud: Cloud) -> None:
    for name in names.QUEUES:
        redrive = cloud.queue(name).properties["RedrivePolicy"]
        assert redrive["maxReceiveCount"] == MAX_RECEIVES
        dead_letters = cloud.target(redrive["deadLetterTargetArn"])
        assert dead_letters.properties["QueueName"] == f"moref-{cloud.stage}-{name}-dlq"
        assert dead_letters.properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_visibility_is_six_times_the_timeout_and_the_window(cloud: Cloud) -> None:
    fed = set()
    for source in _sources(cloud, streams=False):
        queue = cloud.target(str(source["EventSourceArn"]))
        timeout = cloud.target(str(source["FunctionName"])).properties["Timeout"]
        window = int(str(source.get("MaximumBatchingWindowInSeconds", 0)))
        assert queue.properties["VisibilityTimeout"] >= 6 * timeout + window
        fed.add(cloud.short(queue.properties["QueueName"]))
    assert fed == set(names.QUEUES)


def test_queue_sources_answer_partially_and_are_limited(cloud: Cloud) -> None:
    for source in _sources(cloud, streams=False):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        scaling = source["ScalingConfig"]
        assert isinstance(scaling, dict)
        assert 2 <= scaling["MaximumConcurrency"] <= 1000


def test_a_poison_stream_record_is_given_up_and_kept_elsewhere(cloud: Cloud) -> None:
    sources = _sources(cloud, streams=True)
    for source in sources:
        assert source["BisectBatchOnFunctionError"] is True
        assert source["MaximumRetryAttempts"] == 5
        assert source["MaximumRecordAgeInSeconds"] == 3600
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        destination = source["DestinationConfig"]
        assert isinstance(destination, dict)
        failures = cloud.target(destination["OnFailure"]["Destination"])
        assert failures.properties["QueueName"] == f"moref-{cloud.stage}-{QUEUE_OF_STREAM_FAILURES}"
    assert len(sources) == 2


def test_the_router_hears_of_event_rows_only(cloud: Cloud) -> None:
    for source in _sources(cloud, streams=True):
        criteria = source["FilterCriteria"]
        assert isinstance(criteria, dict)
        pending, clicks = (json.loads(each["Pattern"]) for each in criteria["Filters"])
        assert pending["eventName"] == clicks["eventName"] == ["INSERT"]
        assert list(pending["dynamodb"]["NewImage"]) == [names.INDEXES["pending"][0]]
        assert clicks["dynamodb"]["Keys"]["pk"]["S"] == [{"prefix": "click#"}]


def test_queues_refuse_plain_http(cloud: Cloud) -> None:
    guarded = {
        queue
        for policy in cloud.of("AWS::SQS::QueuePolicy")
        for queue in policy.properties["Queues"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert guarded == {f"${{{queue.id}}}" for queue in cloud.of("AWS::SQS::Queue")}


def test_what_schedules_target_outlives_the_service(cloud: Cloud) -> None:
    for name in names.SCHEDULED:
        assert cloud.queue(name).stack == f"moref-{cloud.stage}-data"
    for name in set(names.QUEUES) - set(names.SCHEDULED):
        assert cloud.queue(name).stack == f"moref-{cloud.stage}-service"
    [group] = cloud.of("AWS::Scheduler::ScheduleGroup")
    assert group.properties["Name"] == f"moref-{cloud.stage}-campaigns"
    assert group.stack == f"moref-{cloud.stage}-data"


def test_the_schedulers_role_sends_to_scheduled_queues_and_nowhere_else(cloud: Cloud) -> None:
    role = cloud.named("AWS::IAM::Role", "RoleName", f"moref-{cloud.stage}-scheduler")
    assert role.stack == f"moref-{cloud.stage}-data"
    [trust] = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert set(trust["Condition"]["StringEquals"]) == {"aws:SourceAccount", "aws:SourceArn"}
    [statement] = cloud.statements(role)
    assert statement["Action"] == "sqs:SendMessage"
    sent_to = {cloud.short(arn.rpartition(":")[2]) for arn in statement["Resource"]}
    assert sent_to == {each for name in names.SCHEDULED for each in (name, f"{name}-dlq")}
    variables = cloud.function("campaign_worker").properties["Environment"]["Variables"]
    assert variables["SCHEDULE_ROLE"].endswith(f":role/{role.properties['RoleName']}")
