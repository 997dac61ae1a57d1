"""The whole API as a table. The resolver, the OpenAPI document, the docs page and the isolation tests use it."""

from moref.api import (
    advocates,
    api_keys,
    attribution,
    billing,
    books,
    budgets,
    campaign_trials,
    campaigns,
    closing,
    connections,
    conversions,
    crew,
    decisions,
    enrollments,
    funnel,
    goodwill,
    imports,
    leads,
    location_transfers,
    logos,
    members,
    organizations,
    partners,
    payouts,
    programs,
    read,
    report_digest,
    report_entries,
    reports,
    rewards,
    sign_in,
    templates,
    tenancy,
    today,
    vendor_accounts,
)
from moref.api.operation import Operation
from moref.api.resources import READABLE
from moref.api.resources_people import PEOPLE_OPERATIONS

OPERATIONS: tuple[Operation, ...] = (
    *sign_in.OPERATIONS,
    *organizations.OPERATIONS,
    *tenancy.OPERATIONS,
    *logos.OPERATIONS,
    *location_transfers.OPERATIONS,
    *today.OPERATIONS,
    *(operation for resource in READABLE for operation in read.operations(resource)),
    *members.OPERATIONS,
    *api_keys.OPERATIONS,
    *closing.OPERATIONS,
    *connections.OPERATIONS,
    *decisions.OPERATIONS,
    *conversions.OPERATIONS,
    *programs.OPERATIONS,
    *budgets.OPERATIONS,
    *advocates.OPERATIONS,
    *crew.OPERATIONS,
    *attribution.OPERATIONS,
    *PEOPLE_OPERATIONS,
    *vendor_accounts.OPERATIONS,
    *templates.OPERATIONS,
    *campaigns.OPERATIONS,
    *campaign_trials.OPERATIONS,
    *enrollments.OPERATIONS,
    *funnel.OPERATIONS,
    *reports.OPERATIONS,
    *report_digest.OPERATIONS,
    *report_entries.OPERATIONS,
    *books.OPERATIONS,
    *goodwill.OPERATIONS,
    *imports.OPERATIONS,
    *leads.OPERATIONS,
    *payouts.OPERATIONS,
    *rewards.OPERATIONS,
    *billing.OPERATIONS,
    *partners.OPERATIONS,
)


def methods_at(path: str) -> list[str]:
    """The methods an address has; empty when there is no such address."""
    asked = path.split("/")
    return sorted({operation.method for operation in OPERATIONS if _fits(operation.path.split("/"), asked)})


def _fits(pattern: list[str], asked: list[str]) -> bool:
    pairs = zip(pattern, asked, strict=False)
    return len(pattern) == len(asked) and all(part == given or (part == "{id}" and given) for part, given in pairs)
