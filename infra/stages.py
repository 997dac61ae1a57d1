"""The stages of the product and the settings in which they differ."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Aws, Environment, RemovalPolicy
from aws_cdk import aws_logs as logs

from moref.kernel import names

LOCAL_ACCOUNT = "000000000000"
REGION = "us-east-1"
DEFAULT_PORT_BASE = "4600"
LOCAL_API_ID = "moref001"  # a fixed id keeps local URLs the same after every `up`
DEFAULT_MAIL_DOMAIN = "moref.example"  # reserved by RFC 2606: nothing sent from it can reach or fool anybody

RESTORED_TABLES = (names.CORE, names.LEDGER)  # raw webhooks and clicks (`traffic`) are kept: they fill up the rest


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of the product. `port_base` is the first of the local cloud's three ports."""

    name: str
    account: str | None = None  # None: decided by whoever deploys
    base_url: str | None = None  # None: the API's own endpoint
    mail_domain: str = DEFAULT_MAIL_DOMAIN
    tracking_domain: str | None = None  # ours, for SES's links that count clicks; without it no link is rewritten
    alarm_email: str | None = None
    port_base: int = int(DEFAULT_PORT_BASE)
    token_keys: str = "1"  # see env.Worker
    restored: str | None = None  # suffix of the tables that a restore made and that are in use now
    restored_stream: str | None = None  # ARN of the stream of restored `core`; it has a time in it that only AWS knows

    @property
    def is_local(self) -> bool:
        return self.name == "local"

    @property
    def environment(self) -> Environment:
        return Environment(account=self.account, region=REGION)

    @property
    def removal_policy(self) -> RemovalPolicy:
        return RemovalPolicy.DESTROY if self.is_local else RemovalPolicy.RETAIN

    @property
    def log_retention(self) -> logs.RetentionDays:
        return logs.RetentionDays.THREE_MONTHS if self.name == "prod" else logs.RetentionDays.TWO_WEEKS

    @property
    def mail_from(self) -> str:
        return f"no-reply@{self.mail_domain}"

    @property
    def vendor_urls(self) -> str:
        """JSON {vendor: base URL}: the sandbox in the local stage, otherwise empty (the plugins know the real ones)."""
        if not self.is_local:
            return "{}"
        desk = f"http://127.0.0.1:{self.port_base + 1}"
        paths = {
            "google": "google",
            "sendgrid": "sendgrid",
            "smartmoving": "smartmoving",
            "sns": "sns",
            "stripe": "stripe",
            "tremendous": "tremendous/api/v2",
            "twilio": "twilio",
        }
        return json.dumps({vendor: f"{desk}/{path}" for vendor, path in paths.items()})

    @property
    def queue_prefix(self) -> str:
        """What comes before `moref-<stage>-<queue>` in a queue's URL."""
        if self.is_local:
            return f"http://127.0.0.1:{self.port_base + 2}/{LOCAL_ACCOUNT}/"
        return f"https://sqs.{Aws.REGION}.{Aws.URL_SUFFIX}/{Aws.ACCOUNT_ID}/"

    def resource(self, name: str) -> str:
        return names.resource(self.name, name)

    def arn(self, service: str, resource: str) -> str:
        """An ARN by name. Names are fixed, so stacks need no exports (which would lock them together)."""
        return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"

    @staticmethod
    def readable_arn(service: str, resource: str) -> str:
        """The same ARN as cdk-nag writes it in the name of a finding."""
        return f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}"

    def table_name(self, table: str) -> str:
        """The table in use: after a restore (infra/ops) another one than the data stack's."""
        restored = f"-{self.restored}" if self.restored and table in RESTORED_TABLES else ""
        return self.resource(table) + restored

    def table_arn(self, table: str) -> str:
        return self.arn("dynamodb", f"table/{self.table_name(table)}")

    @property
    def files_bucket(self) -> str:
        """Bucket names are one world-wide name space, so the account stands in it."""
        return f"{self.resource('files')}-{LOCAL_ACCOUNT if self.is_local else Aws.ACCOUNT_ID}"

    @property
    def readable_files_bucket(self) -> str:
        """The same name as cdk-nag writes it in the name of a finding."""
        return f"{self.resource('files')}-{LOCAL_ACCOUNT if self.is_local else '<AWS::AccountId>'}"

    def queue_arn(self, queue: str) -> str:
        return self.arn("sqs", self.resource(queue))


def token_keys(text: str) -> str:
    """Two at most: the one that signs, and the one before it until its last token has ended. Raises ValueError."""
    kids = text.split(",")
    if (
        not 1 <= len(kids) <= 2
        or len(set(kids)) != len(kids)
        or not all(re.fullmatch(r"[a-z0-9]{1,16}", k) for k in kids)
    ):
        raise ValueError("token_keys are one or two names of keys, the new one first: 2,1")
    return text


def read_stage(name: str, context: Mapping[str, str | None], environ: Mapping[str, str] | None = None) -> Stage:
    """The stage of that name. `context` is CDK context (`-c base_url=...`). Raises ValueError for an unknown name."""
    env = os.environ if environ is None else environ
    if bool(context.get("restored")) != bool(context.get("restored_stream")):
        raise ValueError("restored and restored_stream go together: `infra.ops restore tables` prints both")
    if name == "local":
        base = int(env.get("MOREF_PORT_BASE", DEFAULT_PORT_BASE))
        return Stage(
            name,
            LOCAL_ACCOUNT,
            base_url=f"http://127.0.0.1:{base}",
            port_base=base,
            restored=context.get("restored"),
            restored_stream=context.get("restored_stream"),
        )
    if name not in names.STAGES:
        raise ValueError(f"unknown stage {name!r}: one of {', '.join(names.STAGES)}")
    base_url = context.get("base_url")
    return Stage(
        name,
        env.get("CDK_DEFAULT_ACCOUNT"),
        base_url=base_url.rstrip("/") if base_url else None,
        mail_domain=context.get("mail_domain") or DEFAULT_MAIL_DOMAIN,
        tracking_domain=context.get("tracking_domain"),
        alarm_email=context.get("alarm_email"),
        token_keys=token_keys(context.get("token_keys") or "1"),
        restored=context.get("restored"),
        restored_stream=context.get("restored_stream"),
    )
