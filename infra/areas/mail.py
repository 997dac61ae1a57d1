"""E-mail of the platform: the SES configuration set, and what becomes of each mail on its way back to us."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from infra.constructs.acknowledge import acknowledge
from infra.constructs.parts import Parts
from moref.kernel import names

# Opening puts a picture into the mail; counting clicks would rewrite every link to a host of Amazon's, which readers
# do not know, so it waits for a domain of our own (context tracking_domain).
EVENTS = (
    ses.EmailSendingEvent.BOUNCE,
    ses.EmailSendingEvent.COMPLAINT,
    ses.EmailSendingEvent.DELIVERY,
    ses.EmailSendingEvent.OPEN,
    ses.EmailSendingEvent.REJECT,
    ses.EmailSendingEvent.RENDERING_FAILURE,
)


def build(parts: Parts) -> None:
    stage = parts.stage
    configuration = ses.ConfigurationSet(
        parts.scope,
        "Mail",
        configuration_set_name=stage.resource(names.MAIL_CONFIGURATION),
        tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        reputation_metrics=True,
        suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        custom_tracking_redirect_domain=stage.tracking_domain,
    )
    if not stage.is_local:
        # The set is the identity's default, so no sender can forget it.
        ses.EmailIdentity(
            parts.scope,
            "MailIdentity",
            identity=ses.Identity.domain(stage.mail_domain),
            configuration_set=configuration,
        )
    topic = _topic(parts)
    clicks = (ses.EmailSendingEvent.CLICK,) if stage.tracking_domain else ()
    configuration.add_event_destination(
        "MailEvents",
        configuration_set_event_destination_name=names.MAIL_EVENTS,
        destination=ses.EventDestination.sns_topic(topic),
        events=[*EVENTS, *clicks],
    )
    if not stage.is_local:  # there the desk is SNS: the embedded one signs nothing, so the door would refuse it
        _subscription(parts, topic)


def _topic(parts: Parts) -> sns.Topic:
    stage = parts.stage
    topic = sns.Topic(
        parts.scope,
        "MailEventsTopic",
        topic_name=stage.resource(names.MAIL_EVENTS),
        signature_version="2",  # SHA-256
        enforce_ssl=True,
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["sns:Publish"],
            principals=[iam.ServicePrincipal("ses.amazonaws.com")],
            resources=[topic.topic_arn],
            conditions={
                "StringEquals": {
                    "aws:SourceAccount": Aws.ACCOUNT_ID,
                    "aws:SourceArn": stage.arn("ses", f"configuration-set/{stage.resource(names.MAIL_CONFIGURATION)}"),
                }
            },
        )
    )
    return topic


def _subscription(parts: Parts, topic: sns.Topic) -> None:
    """SNS gives up within the hour: what it could not deliver waits where people see it."""
    lost = sqs.Queue(
        parts.scope,
        "MailEventsLost",
        queue_name=parts.stage.resource(f"{names.MAIL_EVENTS}-lost"),
        retention_period=Duration.days(14),
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        removal_policy=parts.stage.removal_policy,
    )
    acknowledge(
        lost, "AwsSolutions-SQS3", "It is a dead-letter queue: that of a subscription, which the rule cannot see."
    )
    subscription = sns.Subscription(
        parts.scope,
        "MailEventsSubscription",
        topic=topic,
        protocol=sns.SubscriptionProtocol.HTTPS,
        endpoint=f"{parts.settings['base_url']}/hooks/ses/{names.PLATFORM_HOOK}",
        dead_letter_queue=lost,
    )
    subscription.node.add_dependency(parts.api)  # SNS asks at once whether we want it
    parts.alarms.add(
        f"{names.MAIL_EVENTS}-lost",
        lost.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
        above=0,
        todo="SNS could not hand over events of SES: bounces and complaints are missing. Why did the door refuse?",
    )
