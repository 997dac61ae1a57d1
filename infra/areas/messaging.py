"""Messaging: SMS and e-mail on their way out."""

from aws_cdk import aws_ses as ses

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
    _mail(parts)
    may = parts.may
    made = parts.worker(
        "message_worker",
        WORKER,
        (Feed(names.MESSAGES, at_once=10),),
        may.state(),
        may.tenant_secrets("Decrypt"),
        may.platform_secret(),
        may.send_mail(),
        may.mail_rate(),
        may.send(names.MESSAGES),
        schedules=True,
    )
    acknowledge(
        made.role,
        "AwsSolutions-IAM5[Resource::*]",
        "ses:GetAccount tells the account's own sending rate and takes no resource.",
    )


def _mail(parts: Parts) -> None:
    stage = parts.stage
    configuration = ses.ConfigurationSet(
        parts.scope,
        "Mail",
        configuration_set_name=stage.resource(names.MAIL_CONFIGURATION),
        tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        reputation_metrics=True,
        suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    )
    if not stage.is_local:
        # The set is the identity's default, so no sender can forget it.
        ses.EmailIdentity(
            parts.scope,
            "MailIdentity",
            identity=ses.Identity.domain(stage.mail_domain),
            configuration_set=configuration,
        )
