"""An organization as onboarding makes it, over fakes."""

from typing import Any

from moref.runtime import Runtime
from moref.tenants.onboard import Branch, NewOrganization, Onboarded, onboard


def branch(**over: Any) -> Branch:
    fields: dict[str, Any] = {
        "name": "Bluebird Austin",
        "time_zone": "America/Chicago",
        "postal_address": "1 Main Street, Austin, TX 78701",
        "staff_email": "office@bluebird.example.com",
        "review_url": "https://reviews.example.com/bluebird",
    }
    return Branch.model_validate(fields | over)


def organization(name: str = "bluebird", **over: Any) -> NewOrganization:
    fields: dict[str, Any] = {
        "request_id": name,
        "name": name.title(),
        "legal_name": f"{name.title()} LLC",
        "owner_name": "Olive Owner",
        "owner_email": f"owner@{name}.example.com",
        "location": branch(),
    }
    return NewOrganization.model_validate(fields | over)


def opened(runtime: Runtime, name: str = "bluebird", **over: Any) -> Onboarded:
    return onboard(runtime, organization(name, **over))
