"""What outlives a deploy: tables, keys, secrets, and everything that live schedules point at."""

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.tables import ProductTable
from infra.constructs.work_queue import WorkQueue, dead_letters
from infra.stages import Stage
from moref.kernel import names

PLATFORM_SECRET = "platform"
SCHEDULER_ROLE = "scheduler"


class DataStack(Stack):
    """`moref-<stage>-data`. Its physical names are fixed; the service stack refers to most of it by name."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(
            scope,
            stage.resource("data"),
            env=stage.environment,
            description=f"Mo-ref {stage.name}: tables, keys, secrets and the queues that schedules target",
            termination_protection=not stage.is_local,
        )
        self.stage_settings = stage
        self.topic = self._operators_topic()
        self.alarms = Alarms(self, stage, self.topic)
        self._tables()
        self._files()
        self.tenant_key = self._tenant_key()
        self.platform_secret_arn = self._platform_secret()
        for queue in names.SCHEDULED:
            WorkQueue(self, queue, stage=stage, alarms=self.alarms)
        self._schedules()

    def _operators_topic(self) -> sns.Topic:
        stage = self.stage_settings
        topic = sns.Topic(self, "Operators", topic_name=stage.resource("operators"), enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
        return topic

    def _tables(self) -> None:
        stage = self.stage_settings
        core = ProductTable(self, names.CORE, stage=stage, indexes=names.INDEXES, expires=True)
        traffic = ProductTable(
            self, names.TRAFFIC, stage=stage, indexes=("by_noun", "by_status", "pending"), expires=True
        )
        # Nothing in the ledger ever expires.
        ProductTable(self, names.LEDGER, stage=stage, indexes=names.LEDGER_INDEXES)
        self.stream_arns = {names.CORE: core.stream_arn, names.TRAFFIC: traffic.stream_arn}

    def _files(self) -> None:
        bucket = s3.Bucket(
            self,
            "Files",
            bucket_name=self.stage_settings.files_bucket,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            # A form posted from any screen: its signature is the permission, and nothing can be read with it.
            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=["*"], allowed_headers=["*"])],
            lifecycle_rules=[
                # An erased person's file must not live on as an old version.
                s3.LifecycleRule(noncurrent_version_expiration=Duration.days(30)),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
            ],
            removal_policy=self.stage_settings.removal_policy,
        )
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "The bucket is private and written only by our functions, whose calls are logged with the request id; "
            "access logs would need a second bucket that keeps personal data in object keys.",
        )

    def _tenant_key(self) -> kms.Key:
        stage = self.stage_settings
        return kms.Key(
            self,
            "TenantKey",
            alias=f"alias/{stage.resource('tenant-secrets')}",
            description="Encrypts credentials of outside systems that belong to organizations",
            enable_key_rotation=True,
            removal_policy=stage.removal_policy,
        )

    def _platform_secret(self) -> str:
        secret = secretsmanager.Secret(
            self,
            "PlatformSecret",
            secret_name=self.stage_settings.resource(PLATFORM_SECRET),
            description="Look-up keys, token signing keys and webhook secrets we issue are derived from it",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=self.stage_settings.removal_policy,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "Look-up hashes of phones and e-mails in the table derive from it: a timed rotation would lose every "
            "one of them. It is rotated by a migration that reads both versions.",
        )
        resource = secret.node.default_child
        if not isinstance(resource, secretsmanager.CfnSecret):
            raise TypeError("the secret's own resource is its default child")
        return resource.attr_id  # the ARN also where `Ref` answers the name (the embedded AWS)

    def _schedules(self) -> None:
        stage = self.stage_settings
        group = stage.resource(names.SCHEDULE_GROUP)
        scheduler.ScheduleGroup(self, "Schedules", schedule_group_name=group, removal_policy=stage.removal_policy)
        targets = [stage.queue_arn(name) for queue in names.SCHEDULED for name in (queue, dead_letters(queue))]
        iam.Role(
            self,
            "SchedulerRole",
            role_name=stage.resource(SCHEDULER_ROLE),
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                # Without these a schedule in somebody else's account could borrow the role.
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                        "aws:SourceArn": stage.arn("scheduler", f"schedule-group/{group}"),
                    }
                },
            ),
            inline_policies={
                "send": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["sqs:SendMessage"], resources=targets)]
                )
            },
        )
