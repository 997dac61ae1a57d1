"""Everything that runs code, composed of areas. Replaced at will; what must last is in the data stack."""

from aws_cdk import Aws, Stack
from constructs import Construct

from infra.areas import (
    api,
    billing,
    bulk,
    campaigns,
    intake,
    mail,
    messaging,
    outbox,
    pages,
    referrals,
    reporting,
    rewards,
    vendors,
)
from infra.constructs.alarms import Alarms
from infra.constructs.canary import Canary
from infra.constructs.dashboard import operators_dashboard
from infra.constructs.http_api import ProductApi
from infra.constructs.layers import Layers
from infra.constructs.parts import Parts
from infra.constructs.permissions import Permissions
from infra.data_stack import SCHEDULER_ROLE, DataStack
from infra.stages import Stage
from moref.kernel import names

AREAS = (intake, campaigns, messaging, referrals, rewards, reporting, bulk, billing, vendors, mail, pages, api, outbox)


class ServiceStack(Stack):
    """`moref-<stage>-service`. Outputs: ApiId, ApiUrl."""

    def __init__(self, scope: Construct, stage: Stage, data: DataStack) -> None:
        super().__init__(
            scope,
            stage.resource("service"),
            env=stage.environment,
            description=f"Mo-ref {stage.name}: functions, queues, HTTP API, alarms",
        )
        self.add_stack_dependency(data)  # most of it is referred to by name, which CloudFormation cannot see
        alarms = Alarms(self, stage, data.topic)
        canary = Canary(self, stage, alarms)
        http = ProductApi(self, stage=stage, canary=canary)
        parts = Parts(
            scope=self,
            stage=stage,
            layers=Layers(self, stage=stage),
            api=http,
            alarms=alarms,
            may=Permissions(
                stage, tenant_key_arn=data.tenant_key.key_arn, platform_secret_arn=data.platform_secret_arn
            ),
            settings=settings(stage, data, stage.base_url or http.endpoint),
            stream_arns=streams(stage, data),
        )
        for area in AREAS:
            area.build(parts)
        canary.roll_back_on(operators_dashboard(self, stage, http.api, alarms))


def streams(stage: Stage, data: DataStack) -> dict[str, str]:
    restored = {names.CORE: stage.restored_stream} if stage.restored_stream else {}
    return data.stream_arns | restored


def settings(stage: Stage, data: DataStack, base_url: str) -> dict[str, str]:
    """Every value that a function's contract may name."""
    return {
        "stage": stage.name,
        **{f"{table}_table": stage.table_name(table) for table in names.TABLES},
        "base_url": base_url,
        "platform_secret": data.platform_secret_arn,
        "kms_key": data.tenant_key.key_arn,
        "queue_prefix": stage.queue_prefix,
        "queue_arn_prefix": stage.arn("sqs", ""),
        "schedule_group": stage.resource(names.SCHEDULE_GROUP),
        "schedule_role": f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{stage.resource(SCHEDULER_ROLE)}",
        "mail_from": stage.mail_from,
        "token_keys": stage.token_keys,
        "mail_topic": stage.arn("sns", stage.resource(names.MAIL_EVENTS)),
        "files_bucket": stage.files_bucket,
        "vendor_urls": stage.vendor_urls,
    }
