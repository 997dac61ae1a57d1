"""Alarms: somebody hears them, and the description says what to do."""

from infra.constructs.layers import ROOT
from moref.kernel import names
from tests.infra.template import Cloud


def test_every_queue_rings_for_dead_letters_and_for_late_work(cloud: Cloud) -> None:
    watched = set()
    for alarm in cloud.of("AWS::CloudWatch::Alarm"):
        if alarm.properties["Namespace"] == "AWS/SQS":
            [dimension] = alarm.properties["Dimensions"]
            queue = cloud.short(cloud.target(dimension["Value"]).properties["QueueName"])
            watched.add((queue, alarm.properties["MetricName"], alarm.properties["Threshold"] == 0))
    depth, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    expected = {(f"{name}-dlq", depth, True) for name in names.QUEUES} | {(name, age, False) for name in names.QUEUES}
    lost = {("mail-events-lost", depth, True)} if cloud.stage != "local" else set()  # the desk is SNS there
    assert watched == expected | {("stream-router-failed", depth, True)} | lost


def test_alarms_say_what_to_do_and_are_heard(cloud: Cloud) -> None:
    for alarm in cloud.of("AWS::CloudWatch::Alarm"):
        assert len(alarm.properties["AlarmDescription"]) > 80, alarm.properties["AlarmName"]
        assert alarm.properties["AlarmName"].startswith(f"moref-{cloud.stage}-")
        assert len(alarm.properties["AlarmActions"]) == 1
        assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_product_metrics_have_no_dimensions(cloud: Cloud) -> None:
    ours = [
        alarm.properties
        for alarm in cloud.of("AWS::CloudWatch::Alarm")
        if alarm.properties["Namespace"] == names.METRIC_NAMESPACE
    ]
    assert {each["MetricName"] for each in ours} == {
        "payout_needs_person",
        "payout_unknown",
        "message_failed",
        "sign_in_mail_failed",
    }
    assert all("Dimensions" not in each for each in ours)


def test_doors_and_the_router_are_watched(cloud: Cloud) -> None:
    found = {cloud.short(alarm.properties["AlarmName"]) for alarm in cloud.of("AWS::CloudWatch::Alarm")}
    assert {"doors-5xx", "redirect-slow", "crm-webhook-slow", "stream-router-behind"} <= found


def test_one_dashboard_for_operators(cloud: Cloud) -> None:
    [dashboard] = cloud.of("AWS::CloudWatch::Dashboard")
    for word in (
        "payout_needs_person",
        "approval_to_payout_seconds",
        "message_failed",
        "ApproximateAgeOfOldestMessage",
        "IteratorAge",
        "5xx",
    ):
        assert word in dashboard.properties["DashboardBody"]


def test_every_alarm_names_its_runbook_and_every_runbook_its_alarm(clouds: dict[str, Cloud]) -> None:
    named = set()
    for cloud in clouds.values():
        for alarm in cloud.of("AWS::CloudWatch::Alarm"):
            name = cloud.short(alarm.properties["AlarmName"])
            assert alarm.properties["AlarmDescription"].endswith(f" Runbook: infra/ops/runbooks/{name}.md")
            named.add(name)
    runbooks = {path.stem: path.read_text() for path in (ROOT / "infra/ops/runbooks").glob("*.md")}
    procedures = {"restore"}
    assert set(runbooks) == named | procedures
    for name in named:
        for part in (f"# {name}: ", "**What it means.**", "**Look here.**", "**Do this", "**Whom to call.**"):
            assert part in runbooks[name], (name, part)
