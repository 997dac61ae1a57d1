"""The three tables: same keys, different promises (see design.md, State)."""

from collections.abc import Iterable

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.stages import Stage
from moref.kernel import names

KEYS_ONLY = frozenset({"pending"})  # the sweeper reads the row afterwards; a narrow index keeps the hot write cheap


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


class ProductTable(Construct):
    """An on-demand table with a stream of new images, point-in-time recovery and, outside local, deletion protection.

    Encrypted with the AWS-owned key: tenant secrets inside are already encrypted under our own key, and a customer
    key on the table would add a KMS dependency to the two hot doors.
    """

    def __init__(
        self, scope: Construct, name: str, *, stage: Stage, indexes: Iterable[str] = (), expires: bool = False
    ) -> None:
        super().__init__(scope, name.capitalize())
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.resource(name),
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            time_to_live_attribute=names.TTL_ATTRIBUTE if expires else None,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=not stage.is_local,
            removal_policy=stage.removal_policy,
        )
        for index in indexes:
            self._add_index(index)
        if self.table.table_stream_arn is None:
            raise AssertionError("the table was declared with a stream")
        self.stream_arn: str = self.table.table_stream_arn

    def _add_index(self, index: str) -> None:
        partition, sort = names.INDEXES[index]
        projection = dynamodb.ProjectionType.KEYS_ONLY if index in KEYS_ONLY else dynamodb.ProjectionType.ALL
        self.table.add_global_secondary_index(
            index_name=index,
            partition_key=_string(partition),
            sort_key=_string(sort),
            projection_type=projection,
        )
