"""What every area of the service stack builds with, so that an area's file says only what is its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.function import ProductFunction, Size
from infra.constructs.http_api import ProductApi
from infra.constructs.layers import Layers
from infra.constructs.permissions import Permissions
from infra.constructs.triggers import consume_permission, on_queue
from infra.constructs.work_queue import WorkQueue
from infra.stages import Stage
from moref.kernel import names


@dataclass(frozen=True, slots=True)
class Feed:
    """A queue that starts a function: how many messages at a time and how many environments at once."""

    queue: str
    at_once: int
    batch: int = 10
    window: int = 0  # seconds to wait for a fuller batch
    late_after: Duration | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    scope: Construct
    stage: Stage
    layers: Layers
    api: ProductApi
    alarms: Alarms
    may: Permissions
    settings: Mapping[str, str]  # every value that a contract may ask for
    stream_arns: Mapping[str, str]

    def function(
        self, name: str, size: Size, *may: iam.PolicyStatement, schedules: bool = False, files: bool = False
    ) -> ProductFunction:
        """`schedules`: the function makes one-time schedules in our group. `files`: it keeps organizations' files."""
        made = ProductFunction(
            self.scope,
            name,
            stage=self.stage,
            layers=self.layers,
            settings=self.settings,
            size=size,
            may=(*may, *(self.may.schedules() if schedules else ()), *(self.may.files() if files else ())),
        )
        if schedules:
            acknowledge(
                made.role,
                f"AwsSolutions-IAM5[Resource::{self.stage.readable_arn('scheduler', self.may.any_schedule)}]",
                "Schedules are named after the enrollment and step they serve when they are made; the wildcard stands "
                "for names inside our own schedule group only.",
            )
        if files:
            readable = f"arn:<AWS::Partition>:s3:::{self.stage.readable_files_bucket}/*"
            acknowledge(
                made.role,
                f"AwsSolutions-IAM5[Resource::{readable}]",
                "Files are named when they are made, after their organization and their work.",
            )
        return made

    def worker(
        self,
        name: str,
        size: Size,
        feeds: tuple[Feed, ...],
        *may: iam.PolicyStatement,
        schedules: bool = False,
        files: bool = False,
    ) -> ProductFunction:
        """A function fed by queues. Those that schedules target stand in the data stack; the others are made here."""
        arns = [self.stage.queue_arn(feed.queue) for feed in feeds]
        made = self.function(name, size, consume_permission(arns), *may, schedules=schedules, files=files)
        for feed, arn in zip(feeds, arns, strict=True):
            source = arn
            if feed.queue not in names.SCHEDULED:
                source = self._queue(feed).queue.queue_arn
            on_queue(
                made, feed.queue, made.function, source, at_once=feed.at_once, batch=feed.batch, window=feed.window
            )
        return made

    def _queue(self, feed: Feed) -> WorkQueue:
        return WorkQueue(self.scope, feed.queue, stage=self.stage, alarms=self.alarms, late_after=feed.late_after)
