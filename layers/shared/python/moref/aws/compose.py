"""The composition of the real thing: every port over AWS, made once per environment at the first call.

Only the modules a function uses cost it start time: clients are made when first used.
"""

from moref.aws.files import S3Files
from moref.aws.keys import SecretKeys
from moref.aws.metrics import EmfMetrics
from moref.aws.queues import SqsQueues
from moref.aws.scheduler import EventBridgeScheduler
from moref.aws.vault import KmsVault
from moref.kernel.clock import SystemClock
from moref.kernel.env import Worker
from moref.kernel.names import CORE, LEDGER, TRAFFIC
from moref.ports import Clock
from moref.runtime import Runtime

composed: dict[type[Worker], Runtime] = {}  # one entry in a function; a test of a handler puts fakes here


def runtime(contract: type[Worker]) -> Runtime:
    """The runtime of a function's contract, from its environment. Raises MissingSetting."""
    if contract not in composed:
        composed[contract] = build(contract.from_env())
    return composed[contract]


def build(settings: Worker, clock: Clock | None = None) -> Runtime:
    """A runtime over AWS for any settings; nothing is called yet. `clock`: another one than the machine's."""
    from moref.aws.dynamo import DynamoStore
    from moref.aws.rows import bind

    tables = {CORE: settings.core_table, TRAFFIC: settings.traffic_table, LEDGER: settings.ledger_table}
    clock = clock or SystemClock()
    queues = SqsQueues(settings.stage, settings.queue_prefix)
    return Runtime(
        settings=settings,
        store=DynamoStore(bind(tables)),
        clock=clock,
        queues=queues,
        scheduler=EventBridgeScheduler(
            stage=settings.stage,
            group=settings.schedule_group,
            role_arn=settings.schedule_role,
            queue_arn_prefix=settings.queue_arn_prefix,
            clock=clock,
            queues=queues,
        ),
        vault=KmsVault(settings.kms_key),
        keys=SecretKeys(settings.platform_secret),
        metrics=EmfMetrics(),
        files=S3Files(settings.files_bucket),
    )
