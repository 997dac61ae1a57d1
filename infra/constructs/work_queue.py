"""A queue of work with everything that keeps a poison message from hurting others."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import Alarms
from infra.stages import Stage

WORKER_TIMEOUT = Duration.seconds(30)
MAX_RECEIVES = 5  # redelivery is for crashes; pacing and back-off are the worker's own business
LONGEST_BATCH_WINDOW = Duration.seconds(5)
# AWS asks for six times the consumer's timeout (plus the batching window), or a slow batch is delivered twice.
VISIBILITY = Duration.seconds(6 * int(WORKER_TIMEOUT.to_seconds()) + int(LONGEST_BATCH_WINDOW.to_seconds()))


def dead_letters(name: str) -> str:
    """The name of a queue's dead-letter queue; schedules that target the queue use the same one."""
    return f"{name}-dlq"


class WorkQueue(Construct):
    """A queue, its dead-letter queue (14 days to look and redrive) and two alarms."""

    def __init__(
        self, scope: Construct, name: str, *, stage: Stage, alarms: Alarms, late_after: Duration | None = None
    ) -> None:
        super().__init__(scope, f"{name.capitalize()}Queue")
        self.dlq = sqs.Queue(
            self,
            "Dlq",
            queue_name=stage.resource(dead_letters(name)),
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=stage.removal_policy,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.resource(name),
            retention_period=Duration.days(14),
            visibility_timeout=VISIBILITY,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dlq, max_receive_count=MAX_RECEIVES),
            removal_policy=stage.removal_policy,
        )
        self._alarm(name, alarms, late_after or Duration.minutes(10))

    def _alarm(self, name: str, alarms: Alarms, late_after: Duration) -> None:
        minute = Duration.minutes(1)
        alarms.add(
            f"{name}-dlq",
            self.dlq.metric_approximate_number_of_messages_visible(period=minute, statistic="Maximum"),
            above=0,
            todo=f"A message of queue {name} failed {MAX_RECEIVES} times. Read it and the worker's log (search the "
            "message id), fix the cause, then start a redrive: every consumer may see a message again.",
        )
        alarms.add(
            f"{name}-late",
            self.queue.metric_approximate_age_of_oldest_message(period=minute, statistic="Maximum"),
            above=late_after.to_seconds(),
            periods=3,
            todo=f"Work waits in queue {name}. Look for throttles or errors of its worker, then for one organization "
            "with a large import; a stop switch for that organization frees the others.",
        )
