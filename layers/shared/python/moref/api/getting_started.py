"""From nothing to a campaign that writes to customers, as plain HTTP requests: the docs page shows them, a test sends
them in that order. Words in braces are filled in by whoever follows; each later one was kept from an answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_JSON = {"content-type": "application/json"}
_BEARER = {"authorization": "Bearer {access_token}"}
_SIGNED = {
    **_JSON,
    "webhook-id": "{id}",
    "webhook-timestamp": "{unix_time}",
    "webhook-signature": "v1,{signature}",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`keeps`: name -> where in the answer; `until`: (where, value) that is asked for again until it is there."""

    words: str
    request: str  # "POST /v1/...", or a whole address kept before
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    until: tuple[str, str] | None = None

    def text(self) -> str:
        """The request as it is sent."""
        lines = [self.request, *(f"{name}: {value}" for name, value in self.headers.items())]
        if self.body is not None:
            lines += ["", json.dumps(self.body, indent=2)]
        return "\n".join(lines)


WORDS = """\
`{email}` is an address you read; `{now}` and `{unix_time}` are the present time as RFC 3339 and as Unix seconds; `{id}`
is any text that is new for each event, and stays when you send one again. `{signature}` is the base64 of
HMAC-SHA256 over `{id}.{unix_time}.` and the body's bytes as they are sent; its key is `{secret}` without `whsec_`,
decoded from base64."""

STEPS: tuple[Step, ...] = (
    Step("A code is sent to your address.", "POST /v1/sign-in/code", 202, _JSON, {"email": "{email}"}),
    Step(
        "`{code}` is the six digits of that e-mail. You are signed in for 15 minutes; the last step but one renews it.",
        "POST /v1/sign-in/verify", 200, _JSON, {"email": "{email}", "code": "{code}"},
        keeps={"access_token": "access_token", "refresh_token": "refresh_token"},
    ),
    Step(
        "Your organization, with its first location, the payer of rewards, a rewards program, and a webhook for any "
        "CRM. The secret is shown now only.",
        "POST /v1/organizations", 201, {**_JSON, **_BEARER},
        {
            "request_id": "first",
            "name": "Newbird Moving",
            "owner_name": "Nora Newbird",
            "location": {
                "name": "Newbird Moving Austin",
                "time_zone": "America/Chicago",
                "postal_address": "1 Main Street, Austin, TX 78701",
                "state": "TX",
                "review_url": "https://reviews.example.com/newbird-moving",
            },
        },
        keeps={
            "organization_id": "organization.id", "location_id": "location.id", "connection_id": "connection.id",
            "hook_url": "connection.hook_url", "secret": "secret",
        },
    ),
    Step(
        "A token for the new organization: yours was a person's, who belonged to none.",
        "POST /v1/sign-in/refresh", 200, _JSON,
        {"refresh_token": "{refresh_token}", "organization_id": "{organization_id}"},
        keeps={"access_token": "access_token", "refresh_token": "refresh_token"},
    ),
    Step(
        "What the location still lacks, and what to do about each; e-mail goes at once.",
        "GET /v1/locations/{location_id}/readiness", 200, _BEARER,
    ),
    Step(
        "The campaign that asks customers for a score is ready-made and live.",
        "GET /v1/campaigns/review_collection", 200, _BEARER, until=("status", "active"),
    ),
    Step(
        "Customers are asked two hours after the job; for this first try at once.",
        "PATCH /v1/organization", 200, {**_JSON, **_BEARER},
        {"version": 1, "settings": {"ask_delay_minutes": 0}},
    ),
    Step(
        "The CRM's first webhook: signed, taken, and without effect, since it speaks of no job.",
        "POST {hook_url}", 202, _SIGNED, {"type": "hello"},
    ),
    Step(
        "Within seconds the connection says that it came. After a 401 it says why.",
        "GET /v1/connections/{connection_id}/health", 200, _BEARER, until=("became", "ignored"),
    ),
    Step(
        "A job is done. The customer's address is yours, so that you see what customers see.",
        "POST {hook_url}", 202, _SIGNED,
        {
            "type": "job.updated",
            "timestamp": "{now}",
            "data": {
                "job": {"id": "J-1", "branch": "Newbird Moving Austin"},
                "customer": {"id": "C-1", "first_name": "Ann", "last_name": "Lee", "email": "{email}"},
                "facts": [{"kind": "completed", "value": True, "at": "{now}"}],
            },
        },
    ),
    Step("The job as it was understood.", "GET /v1/jobs", 200, _BEARER, until=("items.0.state", "completed")),
    Step(
        "Renews the token, in case the 15 minutes are nearly over.",
        "POST /v1/sign-in/refresh", 200, _JSON, {"refresh_token": "{refresh_token}"},
        keeps={"access_token": "access_token", "refresh_token": "refresh_token"},
    ),
    Step(
        "The question for a score is in your mailbox, within minutes by day; at night it waits for the morning.",
        "GET /v1/messages", 200, _BEARER, until=("items.0.status", "sent"),
    ),
)  # fmt: skip
