"""What can be read, one row a noun. Each area adds its own table to READABLE at the end of this file.

Lists take one filter and a time range, because that is what an index can answer.
"""

from moref.api.api_keys import API_KEY
from moref.api.books import BOOKS
from moref.api.budgets import ROWS as BUDGET_ROWS
from moref.api.conversions import CONVERSION
from moref.api.crew import CREW_MEMBER
from moref.api.goodwill import ROWS as GOODWILL_ROWS
from moref.api.imports import IMPORT
from moref.api.leads import LEAD
from moref.api.location_transfers import TRANSFER
from moref.api.members import INVITATION, MEMBER
from moref.api.operation import Call, Schema
from moref.api.programs import ROWS as PROGRAM_ROWS
from moref.api.report_entries import ENTRY_ROWS
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.api.resources_attribution import ATTRIBUTION_ROWS
from moref.api.resources_benefits import BENEFIT_ROWS
from moref.api.resources_campaigns import CAMPAIGN_ROWS
from moref.api.resources_people import PEOPLE_ROWS
from moref.api.resources_templates import TEMPLATE_ROWS
from moref.api.vendor_accounts import VENDOR_ACCOUNT
from moref.intake.model import InboxEvent, Job
from moref.intake.pulled import CallBudget
from moref.referrals.model import Link
from moref.rewards.model import AuditRow, Entry, Payout
from moref.tenants.model import Connection, LegalEntity, Location, Organization, Switch

ORGANIZATION = Resource(
    "organization", Organization, words("name status closes_at settings locked"), "your organization"
)
SWITCH = Resource("switches", Switch, words("stopped reason by"), "stop switches")
LEGAL_ENTITY = Resource("legal-entities", LegalEntity, words("name ein"), "payers of rewards")
LOCATION = Resource(
    "locations",
    Location,
    words(
        "name legal_entity_id time_zone postal_address state phone staff_email review_url site_url sms_sender"
        " crm_branch branding status settings transferred_to came_from"
    ),
    "branches",
    STATUS,
)
LINK = Resource(
    "links",
    Link,
    words("advocate_id location_id clicks first_clicked_at last_clicked_at moved_at"),
    "advocates' permanent links; id is the code, clicks are approximate within the day; one that moved leads elsewhere",
    PLACE | {"advocate_id": "parent"},
)
INBOX = Resource(
    "inbox",
    InboxEvent,
    words("source connection_id event_id status reason handled_at replays"),
    "webhooks as they came",
    STATUS,
    whole=True,
)
PAYOUT = Resource(
    "payouts",
    Payout,
    words(
        "reward_id location_id provider amount currency recipient_name recipient_email recipient_phone status"
        " attempts first_submitted_at submitted_at next_attempt_at retried_at order_id provider_reward_id"
        " provider_status accepted_at delivered_at reason"
    ),
    "deliveries of rewards; amounts in minor units",
    STATUS | PLACE | {"reward_id": "parent"},
    ("payout", "refused"),
)


def _hook_url(call: Call, connection: Connection) -> str | None:
    """Its token lets anybody knock: for those who set up the CRM."""
    path = f"/hooks/crm/{connection.crm}/{connection.hook_token}"
    return call.runtime.settings.base_url + path if call.caller.may("admin") else None


_HOOK_URL: Schema = {
    "type": ["string", "null"],
    "description": "where the CRM posts its webhooks; null for members, who do not set it up",
}
CONNECTION = Resource(
    "connections",
    Connection,
    words("crm name status default_location_id supplies lead_url takes_leads config"),
    "CRM accounts, without their secrets",
    STATUS,
    extras={"hook_url": (_HOOK_URL, _hook_url)},
)

READABLE = (
    *PEOPLE_ROWS,
    *TEMPLATE_ROWS,
    *CAMPAIGN_ROWS,
    *ATTRIBUTION_ROWS,
    LOCATION,
    TRANSFER,
    *PROGRAM_ROWS,
    *BUDGET_ROWS,
    *GOODWILL_ROWS,
    CONVERSION,
    LINK,
    CREW_MEMBER,
    INBOX,
    LEGAL_ENTITY,
    CONNECTION,
    VENDOR_ACCOUNT,
    MEMBER,
    INVITATION,
    API_KEY,
    Resource(
        "call-budgets",
        CallBudget,
        words("connection_id month allowance used put_off status paused_until reason"),
        "calls that a CRM allows in a month, and how many are used; when low, reads about details wait",
        STATUS | {"connection_id": "parent"},
        whole=True,
    ),
    Resource(
        "jobs",
        Job,
        words(
            "connection_id external_id location_id contact_id facts state currency origin destination lead_id"
            " referral_code referred_by source received_at"
        ),
        "pieces of work as the CRM knows them",
        PLACE | {"contact_id": "parent"},
    ),
    LEAD,
    *BENEFIT_ROWS,
    PAYOUT,
    Resource(
        "ledger/entries",
        Entry,
        words("reward_id step legal_entity_id location_id currency lines memo"),
        "the journal; a positive amount is a debit",
        {"reward_id": "parent"},
    ),
    Resource(
        "audit",
        AuditRow,
        words("actor action subject detail"),
        "who decided what, and why",
        {"subject": "parent", "actor": "location_id", "action": "status"},
        whole=True,
        least="admin",
    ),
    *BOOKS,
    *ENTRY_ROWS,
    IMPORT,
)
