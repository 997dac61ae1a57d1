"""What a function may do, as IAM statements: explicit actions on explicit resources, one short call each."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from infra.data_stack import SCHEDULER_ROLE
from infra.stages import Stage
from moref.kernel import names

# One transaction of the store checks, creates and changes rows.
ITEMS = ("GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem")
LEDGER = ("GetItem", "Query", "PutItem")  # append-only

TABLE_INDEXES = {
    names.CORE: tuple(names.INDEXES),
    names.TRAFFIC: ("by_noun", "by_status", "pending"),
    names.LEDGER: names.LEDGER_INDEXES,
}


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


class Permissions:
    """Statements for the resources of one stage."""

    def __init__(self, stage: Stage, *, tenant_key_arn: str, platform_secret_arn: str) -> None:
        self._stage = stage
        self._key = tenant_key_arn
        self._secret = platform_secret_arn

    def table(self, table: str, *actions: str) -> iam.PolicyStatement:
        """`Query` covers the table and its indexes, by name."""
        arn = self._stage.table_arn(table)
        indexes = [f"{arn}/index/{index}" for index in TABLE_INDEXES[table]] if "Query" in actions else []
        return allow([f"dynamodb:{action}" for action in actions], [arn, *indexes])

    def index(self, table: str, index: str) -> iam.PolicyStatement:
        return allow(["dynamodb:Query"], [f"{self._stage.table_arn(table)}/index/{index}"])

    def state(self) -> iam.PolicyStatement:
        """Read and change rows of core; nobody scans, and rows are never deleted."""
        return self.table(names.CORE, *ITEMS)

    def forget_look_ups(self) -> iam.PolicyStatement:
        """Removes look-up items of core, when a person is erased; no row of any table."""
        statement = self.table(names.CORE, "DeleteItem")
        if not self._stage.is_local:  # the embedded AWS knows no such condition key and would refuse every call
            statement.add_condition("ForAllValues:StringLike", {"dynamodb:LeadingKeys": ["*#lookup#*"]})
            statement.add_condition("Null", {"dynamodb:LeadingKeys": "false"})
        return statement

    def ledger(self) -> iam.PolicyStatement:
        return self.table(names.LEDGER, *LEDGER)

    def send(self, *queues: str) -> iam.PolicyStatement:
        return allow(["sqs:SendMessage"], [self._stage.queue_arn(queue) for queue in queues])

    def tenant_secrets(self, *actions: str) -> iam.PolicyStatement:
        """KMS actions on the key under which tenant secrets are kept; each call names an encryption context."""
        statement = allow([f"kms:{action}" for action in actions], [self._key])
        if not self._stage.is_local:  # the embedded AWS knows no such condition key and would refuse every call
            statement.add_condition("Null", {"kms:EncryptionContextKeys": "false"})
        return statement

    def platform_secret(self) -> iam.PolicyStatement:
        return allow(["secretsmanager:GetSecretValue"], [self._secret])

    @property
    def any_schedule(self) -> str:
        return f"schedule/{self._stage.resource(names.SCHEDULE_GROUP)}/*"

    def schedules(self) -> list[iam.PolicyStatement]:
        """One-time schedules in our group, run under the scheduler's own role."""
        stage = self._stage
        role = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{stage.resource(SCHEDULER_ROLE)}"
        pass_role = allow(["iam:PassRole"], [role])
        pass_role.add_condition("StringEquals", {"iam:PassedToService": "scheduler.amazonaws.com"})
        actions = [f"scheduler:{verb}Schedule" for verb in ("Create", "Get", "Delete")]
        return [allow(actions, [stage.arn("scheduler", self.any_schedule)]), pass_role]

    def files(self) -> list[iam.PolicyStatement]:
        """Files of organizations: read, written, listed, removed. One module makes and checks their keys."""
        bucket = f"arn:{Aws.PARTITION}:s3:::{self._stage.files_bucket}"
        actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        return [allow(actions, [f"{bucket}/*"]), allow(["s3:ListBucket"], [bucket])]

    @property
    def logos(self) -> str:
        """Of every organization: they are public."""
        return f"{self._stage.files_bucket}/*/logos/*"

    def read_logos(self) -> iam.PolicyStatement:
        return allow(["s3:GetObject"], [f"arn:{Aws.PARTITION}:s3:::{self.logos}"])

    def send_mail(self) -> iam.PolicyStatement:
        stage = self._stage
        return allow(
            ["ses:SendEmail", "ses:SendRawEmail"],
            [
                stage.arn("ses", f"identity/{stage.mail_domain}"),
                stage.arn("ses", f"configuration-set/{stage.resource(names.MAIL_CONFIGURATION)}"),
            ],
        )

    def mail_rate(self) -> iam.PolicyStatement:
        """How much SES takes a second from this account; the action knows no resources."""
        return allow(["ses:GetAccount"], ["*"])
