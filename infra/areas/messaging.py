"""Messaging: SMS and e-mail on their way out."""

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import WORKER
from infra.constructs.parts import Feed, Parts
from moref.kernel import names


def build(parts: Parts) -> None:
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
