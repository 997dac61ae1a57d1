"""Which environment each function reads. Infrastructure writes it with `to_env`, the function reads it with `from_env`.

Plain classes: a hot door that imported `dataclasses` would start a fifth slower.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class MissingSetting(KeyError):
    """A function was started without a setting that its contract names."""


class Environment:
    """A set of settings: every annotated name is read from the variable of the same name in upper case."""

    stage: str
    core_table: str
    traffic_table: str

    @classmethod
    def fields(cls) -> list[str]:
        return [name for klass in reversed(cls.__mro__) for name in getattr(klass, "__annotations__", {})]

    @classmethod
    def from_env(cls, environ: "Mapping[str, str] | None" = None) -> "Self":
        """Raises MissingSetting with the variable's name."""
        source = os.environ if environ is None else environ
        settings = cls()
        for field in cls.fields():
            if field.upper() not in source:
                raise MissingSetting(field.upper())
            setattr(settings, field, source[field.upper()])
        return settings

    @classmethod
    def to_env(cls, values: "Mapping[str, str]") -> dict[str, str]:
        """The variables for infrastructure to set, picked from what it knows. Raises MissingSetting."""
        missing = [field for field in cls.fields() if field not in values]
        if missing:
            raise MissingSetting(", ".join(missing))
        return {field.upper(): values[field] for field in cls.fields()}


class Redirect(Environment):
    base_url: str  # public address of the product, no trailing slash


class CrmWebhook(Environment):
    pass


class Worker(Environment):
    """What every function beyond the two doors reads."""

    ledger_table: str
    base_url: str
    platform_secret: str  # ARN; look-up keys and token signing keys are derived from it
    kms_key: str  # ARN; tenant secrets are encrypted under it
    queue_prefix: str  # queue URLs are this prefix + "moref-<stage>-<queue>"
    schedule_group: str
    schedule_role: str  # ARN EventBridge Scheduler assumes to send to a queue
    queue_arn_prefix: str
    mail_from: str  # the platform's own verified sender, used until an organization has its own
    files_bucket: str  # uploads and downloads of organizations; keys begin with the organization
    vendor_urls: str  # JSON {vendor: base URL}; "{}" outside the local stage
    token_keys: str  # kids of the keys that sign access tokens, "2,1": the first signs, each opens


class VendorWebhook(Worker):
    mail_topic: str  # ARN of the SNS topic that brings SES's events


class Pages(Worker):
    pass


class Api(Worker):
    pass


class StreamRouter(Worker):
    pass


class InboxWorker(Worker):
    pass


class ClickWorker(Worker):
    pass


class CampaignWorker(Worker):
    pass


class MessageWorker(Worker):
    pass


class ReferralWorker(Worker):
    pass


class LeadWorker(Worker):
    pass


class PayoutWorker(Worker):
    pass


class ReportWorker(Worker):
    pass


class BulkWorker(Worker):
    pass


class BillingWorker(Worker):
    pass


class Sweeper(Worker):
    pass


class Reconcile(Worker):
    pass


# The functions of the service, each with its contract; the folder under functions/ has the same name.
CONTRACTS: dict[str, type[Environment]] = {
    "redirect": Redirect,
    "crm_webhook": CrmWebhook,
    "vendor_webhook": VendorWebhook,
    "pages": Pages,
    "api": Api,
    "stream_router": StreamRouter,
    "inbox_worker": InboxWorker,
    "click_worker": ClickWorker,
    "campaign_worker": CampaignWorker,
    "message_worker": MessageWorker,
    "referral_worker": ReferralWorker,
    "lead_worker": LeadWorker,
    "payout_worker": PayoutWorker,
    "report_worker": ReportWorker,
    "bulk_worker": BulkWorker,
    "billing_worker": BillingWorker,
    "sweeper": Sweeper,
    "reconcile": Reconcile,
}
