"""The desk's own addresses: index, messages, clock, records, faults and registrations.

| address | does |
|---|---|
| GET /messages, /messages.json | every SMS and e-mail sent, in order |
| GET /clock, POST /clock?seconds=N[&step=S] | tells the time; moves it, draining between steps |
| POST /drain | waits until nothing runs |
| GET /_requests?vendor=x, DELETE /_requests | recorded requests of the product to the vendors |
| GET /_callbacks | webhooks that the vendors sent to the product |
| POST /_faults?vendor=x&kind=k&times=N&on=POST, GET, DELETE | failures on demand |
| POST /_register | {"vendor": ..., ...}: a credential and its callback address |
| GET /_orders | Tremendous orders |
| POST /twilio/_inbound?from=&to=&body= | a person texts one of our numbers (whatsapp:+1... for WhatsApp) |
| POST /ses/_event?message=&kind= | what SES tells of an e-mail, by SNS: bounce, complaint, delivery, open, click ... |
| POST /sendgrid/_event?message=&kind= | the same of SendGrid: delivered, bounce, spamreport, unsubscribe, open ... |
| POST /smartmoving/_set, POST /smartmoving/_event, GET /smartmoving/_state | a company's staff work in SmartMoving |
| POST /stripe/_pay?session=, POST /stripe/_set?customer=&status= | an owner pays; what becomes of that |
| /tremendous/api/v2/..., /twilio/2010-04-01/..., /crm/leads, /smartmoving/api/..., /stripe/v1/... | the vendors |
| /google/... | Google's sign-in: who consents is registered as {"vendor": "google", "sub", "email", ...} |
"""

from __future__ import annotations

import html
from collections.abc import Callable

from infra.local.sandbox.clock import DRAIN_SECONDS, MAX_STEP_SECONDS, Desk, NotAtRest
from infra.local.sandbox.crm import Crm
from infra.local.sandbox.faults import COMMON, Faults
from infra.local.sandbox.google import Google
from infra.local.sandbox.messages import Sent, in_order, page
from infra.local.sandbox.record import Recorder
from infra.local.sandbox.sendgrid import SendGrid
from infra.local.sandbox.smartmoving import SmartMoving
from infra.local.sandbox.sns import Sns
from infra.local.sandbox.stripe import Stripe
from infra.local.sandbox.tremendous import Tremendous
from infra.local.sandbox.twilio import Twilio
from infra.local.sandbox.validate import Validator
from infra.local.sandbox.vendor import Counter, Vendor
from infra.local.sandbox.web import Answer, Request, as_json

Page = Callable[[Request], Answer]


def _phone(value: str) -> str:
    """A number from a query, where an unescaped plus has become a space."""
    channel, _, number = value.rpartition(":")
    return (f"{channel}:" if channel else "") + "+" + number.strip().lstrip("+")


def _message(request: Request) -> dict[str, str]:
    """Which e-mail, by our id or the provider's, and what happened to it."""
    return {"message": request.query.get("message", ""), "kind": request.query.get("kind", "")}


class DeskPages:
    """Everything behind the desk's port."""

    def __init__(self, desk: Desk, validator: Validator) -> None:
        self._desk = desk
        self._recorder = Recorder()
        self._faults = Faults()
        self._twilio = Twilio(desk.now, desk.callbacks)
        self._tremendous = Tremendous(desk.now, desk.callbacks)
        self._smartmoving = SmartMoving(desk.now, desk.callbacks)
        self._sendgrid = SendGrid(desk.now, desk.callbacks)
        self._sns = Sns(desk.now, desk.callbacks, desk.mail)
        self._stripe = Stripe(desk.now, desk.callbacks)
        vendors: list[Vendor] = [
            self._tremendous, self._twilio, Crm(), self._smartmoving, self._sendgrid, self._sns,
            self._stripe, Google(desk.now),
        ]  # fmt: skip
        self._vendors = {vendor.name: vendor for vendor in vendors}
        self._counter = Counter(vendors, self._recorder, self._faults, validator)
        self._pages: dict[tuple[str, str], Page] = {
            ("GET", "/"): self._index,
            ("GET", "/messages"): self._messages_page,
            ("GET", "/messages.json"): lambda _: as_json(self._messages()),
            ("GET", "/clock"): lambda _: as_json(desk.told()),
            ("POST", "/clock"): self._move,
            ("POST", "/drain"): self._drain,
            ("GET", "/_requests"): lambda request: as_json(self._recorder.of(request.query.get("vendor"))),
            ("DELETE", "/_requests"): self._forget,
            ("GET", "/_callbacks"): lambda _: as_json(desk.callbacks.history()),
            ("GET", "/_faults"): lambda _: as_json(self._faults.waiting()),
            ("POST", "/_faults"): self._order_fault,
            ("DELETE", "/_faults"): self._clear_faults,
            ("POST", "/_register"): self._register,
            ("GET", "/_orders"): lambda _: as_json(self._tremendous.orders()),
            ("POST", "/twilio/_inbound"): self._inbound,
            ("POST", "/ses/_event"): lambda request: self._sns.event(**_message(request)),
            ("POST", "/sendgrid/_event"): lambda request: self._sendgrid.event(**_message(request)),
            ("POST", "/stripe/_pay"): lambda request: self._stripe.pay(request.query.get("session", "")),
            ("POST", "/stripe/_set"): lambda request: self._stripe.set(
                request.query.get("customer", ""), request.query.get("status", "")
            ),
            ("POST", "/smartmoving/_set"): lambda request: self._smartmoving.set(request.json()),
            ("POST", "/smartmoving/_event"): lambda request: self._smartmoving.tell(request.json()),
            ("GET", "/smartmoving/_state"): lambda _: self._smartmoving.state(),
        }

    def answer(self, request: Request) -> Answer:
        found = self._pages.get((request.method, request.path))
        if found is not None:
            return found(request)
        vendor = self._counter.vendor_of(request.path)
        if vendor is not None:
            return self._counter.serve(vendor, request, self._desk.now())
        return as_json({"error": f"nothing at {request.method} {request.path}"}, 404)

    def _messages(self) -> list[Sent]:
        return in_order(self._twilio.messages(), self._desk.mail(), self._sendgrid.messages())

    def _messages_page(self, _: Request) -> Answer:
        text = page(self._messages(), self._desk.now())
        return Answer(200, text.encode(), "text/html; charset=utf-8")

    def _index(self, _: Request) -> Answer:
        links = "".join(
            f'<li><a href="{path}">{path}</a>' for method, path in self._pages if method == "GET" and path != "/"
        )
        head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        text = f"{head}<title>Desk</title><h1>Desk of the local cloud</h1><ul>{links}</ul>"
        return Answer(200, f"{text}<pre>{html.escape(__doc__ or '')}</pre>".encode(), "text/html; charset=utf-8")

    def _move(self, request: Request) -> Answer:
        query = request.query
        try:
            self._desk.advance(
                float(query["seconds"]),
                step=float(query.get("step", MAX_STEP_SECONDS)),
                drain_seconds=float(query.get("deadline", DRAIN_SECONDS)),
            )
        except (KeyError, ValueError):
            return as_json({"error": "seconds is a number, not negative; step a number above 0"}, 400)
        except NotAtRest as busy:
            return as_json({"error": f"not at rest: {busy}", **self._desk.told()}, 504)
        return as_json(self._desk.told())

    def _drain(self, request: Request) -> Answer:
        try:
            self._desk.drain(float(request.query.get("deadline", DRAIN_SECONDS)))
        except NotAtRest as busy:
            return as_json({"error": f"not at rest: {busy}"}, 504)
        return as_json(self._desk.told())

    def _forget(self, _: Request) -> Answer:
        self._recorder.clear()
        return as_json({})

    def _order_fault(self, request: Request) -> Answer:
        query = request.query
        vendor, kind = self._vendors.get(query.get("vendor", "")), query.get("kind", "")
        if vendor is None or kind.partition(":")[0] not in COMMON | vendor.fault_kinds:
            known = sorted(COMMON | (vendor.fault_kinds if vendor else frozenset()))
            return as_json({"error": f"vendors {sorted(self._vendors)}, kinds {known}"}, 400)
        self._faults.order(vendor.name, kind, int(query.get("times", 1)), query.get("on", "POST"))
        return as_json(self._faults.waiting())

    def _clear_faults(self, _: Request) -> Answer:
        self._faults.clear()
        return as_json({})

    def _register(self, request: Request) -> Answer:
        settings = request.json()
        vendor = self._vendors.get(settings.get("vendor", "")) if isinstance(settings, dict) else None
        if vendor is None:
            return as_json({"error": f"vendor is one of {sorted(self._vendors)}"}, 400)
        try:
            vendor.register(settings)
        except KeyError as missing:
            return as_json({"error": f"{vendor.name} needs {missing}"}, 400)
        return as_json({"registered": vendor.name})

    def _inbound(self, request: Request) -> Answer:
        query = request.query
        if "from" not in query or "to" not in query:
            return as_json({"error": "from, to and body are needed"}, 400)
        return self._twilio.inbound(_phone(query["from"]), _phone(query["to"]), query.get("body", ""))
