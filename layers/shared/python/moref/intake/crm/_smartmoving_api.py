"""SmartMoving's External API v1 over HTTP: what each answer comes to.

Every call counts against the month, failed ones too. Authentication is one key in a header. There are no idempotency
keys: what is not repeatable is not repeated here.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from moref.intake.crm import _smartmoving_record as record
from moref.intake.reader import Snapshot
from moref.kernel.errors import NeedsPerson, NotFound, OutcomeUnknown, Permanent, Retry

if TYPE_CHECKING:
    import requests

BASE = "https://api-public.smartmoving.com/v1"
TIMEOUT = (3.05, 10)  # seconds to connect, between bytes
PAGE_SIZE = 200  # what the server caps a page at
MAX_NOTE = 4000
RATE_WAIT = 60  # seconds, when a 429 does not say
# What a read asks for with the opportunity, so that one call is enough.
_INCLUDE = {"IncludePayments": "true", "IncludeJobAddresses": "true", "IncludeCharges": "true"}


class SmartMoving:
    """See intake.reader.Reader."""

    def __init__(self, base: str, key: str) -> None:
        self._base = base.rstrip("/")
        self._key = key

    def check(self) -> None:
        self._call("GET", "/api/branches", params={"Page": "1", "PageSize": "1"})

    def read(self, external_id: str, parts: bool, config: Mapping[str, str]) -> Snapshot:
        opportunity = self._call("GET", f"/api/opportunities/{external_id}", params=_INCLUDE)
        jobs = self._call("GET", f"/api/opportunities/{external_id}/jobs") if parts else None
        return record.snapshot(opportunity, jobs, config)

    def leads(self, page: int) -> tuple[list[dict[str, Any]], bool]:
        found = self._call("GET", "/api/leads", params={"Page": str(page), "PageSize": str(PAGE_SIZE)})
        if not isinstance(found, dict) or not isinstance(found.get("pageResults"), list):
            raise OutcomeUnknown("an answer that is no page of leads")
        leads = [lead for lead in found["pageResults"] if isinstance(lead, dict) and isinstance(lead.get("id"), str)]
        names = {"id": "id", "phone": "phoneNumber", "email": "emailAddress", "created_at": "createdAtUtc"}
        return [{ours: lead.get(theirs) for ours, theirs in names.items()} for lead in leads], (
            found.get("lastPage") is not False or not leads
        )

    def push_lead(self, lead: Mapping[str, Any], config: Mapping[str, str]) -> str:
        answer = self._call("POST", "/api/premium/leads", body=lead_form(lead, config))
        id = answer.get("leadId") if isinstance(answer, dict) else None
        if not isinstance(id, str):
            raise OutcomeUnknown("an answer without a lead id")
        return id

    def set_fields(self, external_id: str, fields: Mapping[str, str]) -> None:
        """`fields` by SmartMoving's own names: customField01 to 03, referralSourceId."""
        self._call("PATCH", f"/api/premium/opportunities/{external_id}", body=dict(fields))

    def add_note(self, external_id: str, text: str) -> str:
        path = f"/api/premium/opportunities/{external_id}/communication/notes"
        answer = self._call("POST", path, body={"notes": text[:MAX_NOTE]})
        return str(answer.get("noteId")) if isinstance(answer, dict) else ""

    def _call(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        import requests

        headers = {"x-api-key": self._key, "accept": "application/json"}
        data = None
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        try:
            response = requests.request(
                method, self._base + path, params=params, data=data, headers=headers, timeout=TIMEOUT,
                allow_redirects=False,
            )  # fmt: skip
        except (requests.ConnectTimeout, requests.exceptions.SSLError):
            raise Retry("unreachable") from None
        except requests.RequestException as error:
            raise OutcomeUnknown(type(error).__name__) from None
        return _reply(response, method)


def lead_form(lead: Mapping[str, Any], config: Mapping[str, str]) -> dict[str, Any]:
    """NewLeadModel of a lead in our words. The referral source is what the company calls referrals in SmartMoving."""
    customer = lead["customer"]
    form: dict[str, Any] = {
        "firstName": customer["first_name"],
        "lastName": customer["last_name"],
        "phoneNumber": customer["phone"],
        "email": customer["email"],
        "moveDate": (lead["move_date"] or "").replace("-", ""),
        "notes": "\n".join(filter(None, [f"Referral code {lead['code']} (lead {lead['lead_id']})", lead["notes"]])),
        "branchId": config.get("branch_id"),
        "utmSource": "mo-ref",
        "utmCampaign": lead["code"],
    }
    if config.get("referral_source_id"):
        form["referralSourceId"] = config["referral_source_id"]
    else:
        form["referralSource"] = config.get("referral_source") or lead["source"]
    for ours, theirs in (("origin", "origin"), ("destination", "destination")):
        place = lead[ours] or {}
        form |= {
            f"{theirs}Street": place.get("street"),
            f"{theirs}City": place.get("city"),
            f"{theirs}State": place.get("state"),
            f"{theirs}Zip": place.get("postal_code"),
        }
    return {name: value for name, value in form.items() if value}


def _reply(response: "requests.Response", method: str) -> Any:
    status = response.status_code
    if status in (200, 201):
        try:
            return json.loads(response.content, parse_float=Decimal) if response.content else None
        except ValueError:
            raise OutcomeUnknown("an answer that cannot be read") from None
    if status in (401, 402, 403):
        raise NeedsPerson("credentials")
    if status == 429:
        after = response.headers.get("Retry-After", "")
        raise Retry("rate_limited", seconds=int(after) if after.isdigit() and len(after) < 6 else RATE_WAIT)
    if method == "GET" and status in (400, 404):
        raise NotFound("not there")  # most reads answer 400, not 404
    if 400 <= status < 500 and status != 408:
        raise Permanent(f"HTTP {status}")
    raise OutcomeUnknown(f"HTTP {status}") if method == "POST" else Retry(f"HTTP {status}")
