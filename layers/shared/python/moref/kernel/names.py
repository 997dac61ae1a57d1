"""Names that infrastructure and code share, typed once.

Every resource is `moref-<stage>-<name>`: live schedules and queued messages outlast deploys, so the names are fixed.
"""

STAGES = ("local", "dev", "prod")

CORE = "core"  # state and outbox
TRAFFIC = "traffic"  # raw inbox and clicks
LEDGER = "ledger"  # entries and audit, append-only
TABLES = (CORE, TRAFFIC, LEDGER)

# Work queues. A queue that EventBridge Scheduler targets lives in the data stack (see SCHEDULED).
INBOX = "inbox"
CLICKS = "clicks"
CAMPAIGNS = "campaigns"
STEPS = "steps"
MESSAGES = "messages"
REFERRALS = "referrals"
LEADS = "leads"
PAYOUTS = "payouts"
REPORTS = "reports"
BULK = "bulk"  # long work that staff asked for, done in slices
BILLING = "billing"  # what the processor of the platform's own payments is to be asked
QUEUES = (INBOX, CLICKS, CAMPAIGNS, STEPS, MESSAGES, REFERRALS, LEADS, PAYOUTS, REPORTS, BULK, BILLING)
SCHEDULED = (STEPS, MESSAGES, REFERRALS, LEADS, PAYOUTS)

# Index names of every table: (partition attribute, sort attribute).
INDEXES = {
    "by_noun": ("noun_key", "created"),
    "by_status": ("status_key", "updated"),
    "by_location": ("location_key", "created"),
    "by_parent": ("parent_key", "created"),
    "by_waiting": ("waiting_key", "waiting_since"),  # sparse: only what waits for staff stands in it
    "by_waiting_place": ("waiting_place_key", "waiting_since"),
    "pending": ("pending", "pending_since"),
}
LEDGER_INDEXES = ("by_parent", "by_noun", "by_status", "by_location")  # the last two list audit by action and actor
PENDING_SHARDS = 4  # spreads the sparse index; the sweeper reads each
TTL_ATTRIBUTE = "expires_at"  # epoch seconds

METRIC_NAMESPACE = "Moref"
SCHEDULE_GROUP = "campaigns"
MAIL_CONFIGURATION = "mail"  # the SES configuration set
MAIL_EVENTS = "mail-events"  # the SNS topic that brings what became of e-mails
PLATFORM_HOOK = "platform"  # in place of a token: /hooks/ses/platform


def resource(stage: str, name: str) -> str:
    """The name of a table, queue, function, schedule group or secret in a stage."""
    return f"moref-{stage}-{name}"
