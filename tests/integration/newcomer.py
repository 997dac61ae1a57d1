"""Inside the cloud: opens an organization in its trial; its owner has signed in this minute."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from infra.local.seed import _plenty, _runtime
from moref.records import get
from moref.signin.tokens import issue
from moref.tenants.model import Member
from moref.tenants.onboard import Branch, NewOrganization, onboard


@dataclass(frozen=True)
class At:
    """The cloud's clock, which tests move."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def open_organization(name: str, now: datetime) -> dict[str, Any]:
    runtime = replace(_runtime(), clock=At(now))
    branch = Branch(
        name=f"{name.title()} Moving", time_zone="America/Chicago", postal_address="1 Main Street, Austin, TX 78701",
        staff_email=f"office@{name}.example.com", review_url=f"https://reviews.example.com/{name}",
    )  # fmt: skip
    form = NewOrganization(
        request_id=f"integration-{name}", name=name.title(), legal_name=f"{name.title()} LLC", owner_name="Nia Owner",
        owner_email=f"nia@{name}.example.com", location=branch,
    )  # fmt: skip
    made = onboard(runtime, form)
    _plenty(runtime, made)
    owner = get(runtime.store, Member, made.organization_id, made.member_id)
    token = issue(runtime, owner, signed_in_at=now, lifetime=timedelta(days=365))
    return {"organization_id": made.organization_id, "location_id": made.location_id, "owner_token": token}


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    sys.stdout.write(json.dumps(open_organization(given["name"], datetime.fromisoformat(given["now"]))) + "\n")
