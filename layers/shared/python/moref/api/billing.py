"""What the organization pays for the service: where it stands, the payment page, the customer portal."""

from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.schemas import object_of
from moref.tenants.forms import Address, Form


class Return(Form):
    return_url: Address = Field(description="where the browser comes back to, https; whatever was or was not paid")


def _read(call: Call) -> Any:
    from moref.billing.overview import overview

    return overview(call.runtime, call.organization_id)


def _checkout(call: Call) -> Any:
    from moref.billing.pay import start_checkout

    url = start_checkout(call.runtime, call.organization_id, call.body.return_url, actor=call.caller.member_id)
    return {"url": url}


def _portal(call: Call) -> Any:
    from moref.billing.pay import open_portal

    url = open_portal(call.runtime, call.organization_id, call.body.return_url, actor=call.caller.member_id)
    return {"url": url}


_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_MONEY: Schema = {
    "type": "object",
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}},
    "required": ["amount", "currency"],
}


def _overview() -> Schema:
    text, number, yes = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
    statuses = [
        "not_billed", "trialing", "trial_ended", "active", "past_due", "unpaid", "canceled", "incomplete", "paused",
    ]  # fmt: skip
    return object_of(
        status={"type": "string", "enum": statuses},
        lapsed=yes,
        words={"type": ["string", "null"], "description": "why nothing new may begin, and what to do"},
        may=object_of(read=yes, export=yes, pay_owed_rewards=yes, send=yes, enroll=yes),
        locations={"type": "integer", "description": "active ones"},
        plan=object_of(name=text, words=text, monthly=_MONEY),
        plans={"type": "array", "items": object_of(name=text, from_locations=number, words=text, per_location=_MONEY)},
        trial_ends_at=_TIME,
        grace_ends_at=_TIME | {"description": "until when all goes on although a payment is missing"},
        period_start=_TIME,
        period_end=_TIME,
        cancel_at=_TIME,
        quantity_billed={"type": ["integer", "null"], "description": "locations, as the processor has them"},
        usage=object_of(
            since={"type": "string", "format": "date-time"},
            until={"type": "string", "format": "date-time"},
            messages=object_of(sms=number, whatsapp=number, email=number),
            referrals=number,
        ),
    )


def _page() -> Schema:
    return {"title": "BillingPage", "type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}


OPERATIONS = (
    Operation("GET", "/v1/billing", _read, "admin", "billing",
              "Subscription, plans, usage of the period, and what may be done", _overview, whole=True),
    Operation("POST", "/v1/billing/checkout", _checkout, "owner", "billing",
              "Opens a payment page for a subscription; the plan follows from the active locations", _page,
              body=Return, idempotency="optional", whole=True, fresh=True),
    Operation("POST", "/v1/billing/portal", _portal, "owner", "billing",
              "Opens the customer portal: card, invoices, cancellation", _page, body=Return, whole=True, fresh=True),
)  # fmt: skip
