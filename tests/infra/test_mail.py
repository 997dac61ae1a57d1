"""What becomes of an e-mail finds its way back: SES tells one topic of ours, and that the door which verifies it."""

from tests.infra.template import Cloud


def test_ses_tells_of_bounces_complaints_and_deliveries_and_rewrites_no_link(cloud: Cloud) -> None:
    [destination] = cloud.of("AWS::SES::ConfigurationSetEventDestination")
    told = destination.properties["EventDestination"]
    assert set(told["MatchingEventTypes"]) == {"bounce", "complaint", "delivery", "open", "reject", "renderingFailure"}
    assert "TopicARN" in told["SnsDestination"]


def test_only_ses_on_behalf_of_our_own_mail_may_publish(cloud: Cloud) -> None:
    policies = [
        statement
        for policy in cloud.of("AWS::SNS::TopicPolicy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement.get("Principal") == {"Service": "ses.amazonaws.com"}
    ]
    conditions = [policy.get("Condition", {}).get("StringEquals", {}) for policy in policies]
    assert any({"aws:SourceAccount", "aws:SourceArn"} <= set(each) for each in conditions)
    assert all("aws:SourceAccount" in each or "AWS:SourceAccount" in each for each in conditions), "anybody's SES may"


def test_the_topic_posts_to_the_platforms_door_over_https_and_keeps_what_it_cannot_deliver(aws_cloud: Cloud) -> None:
    [subscription] = aws_cloud.of("AWS::SNS::Subscription")
    assert subscription.properties["Protocol"] == "https"
    assert str(subscription.properties["Endpoint"]).endswith("/hooks/ses/platform")
    assert "deadLetterTargetArn" in str(subscription.properties["RedrivePolicy"])
    topics = [topic.properties for topic in aws_cloud.of("AWS::SNS::Topic")]
    assert [topic["SignatureVersion"] for topic in topics if topic["TopicName"].endswith("-mail-events")] == ["2"]


def test_the_door_knows_the_topic_by_name(cloud: Cloud) -> None:
    arn = cloud.function("vendor_webhook").properties["Environment"]["Variables"]["MAIL_TOPIC"]
    assert arn.endswith(f":moref-{cloud.stage}-mail-events")
