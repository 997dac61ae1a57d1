"""SmartMoving, as far as the product uses it: opportunities with jobs, customers and leads, and thin webhooks.

Semantics from the vendor's description (shared/vendors/smartmoving): a key in `x-api-key`; what does not exist answers
400; webhooks carry the configured header and name only what changed; a lead is an opportunity of status 0. Whoever
plays the company's staff uses

| address | does |
|---|---|
| POST /smartmoving/_set | {"opportunity", "job", "customer": fields, "events": names}: creates or changes, then tells |
| POST /smartmoving/_event | a webhook as it is, e.g. {"event-type": "job-finalized", "job-id": ...} |
| GET /smartmoving/_state | everything it holds |

A new opportunity without an id gets one, and so do its job and customer; the answer holds all three.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json

Row = dict[str, Any]
UNSET = "00000000-0000-0000-0000-000000000000"


def _page(rows: list[Row], query: dict[str, str]) -> Answer:
    size, number = min(200, int(query.get("PageSize", 100))), int(query.get("Page", 1))
    pages = max(1, -(-len(rows) // size))
    shown = rows[(number - 1) * size : number * size]
    return as_json(
        {
            "pageNumber": number, "pageSize": size, "lastPage": number >= pages, "totalPages": pages,
            "totalResults": len(rows), "totalThisPage": len(shown), "pageResults": shown,
        }
    )  # fmt: skip


class SmartMoving:
    """One company's instance."""

    name = "smartmoving"
    prefix = "/smartmoving"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(self, now: Callable[[], datetime], callbacks: Callbacks) -> None:
        self._now = now
        self._callbacks = callbacks
        self._lock = threading.RLock()
        self._keys: set[str] = set()
        self._hooks: list[tuple[str, dict[str, str]]] = []
        self._opportunities: dict[str, Row] = {}
        self._jobs: dict[str, Row] = {}  # as JobViewModel, with opportunityId
        self._customers: dict[str, Row] = {}
        self._notes: list[Row] = []

    def register(self, settings: dict[str, Any]) -> None:
        """{"api_key", "url", "headers"}: who may call, and where webhooks go with which custom headers."""
        with self._lock:
            hook = (settings["url"], dict(settings["headers"]))
            self._keys.add(settings["api_key"])
            self._hooks = [known for known in self._hooks if known[0] != hook[0]] + [hook]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("x-api-key", request.query.get("api-key", "")) in self._keys

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"message": message}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        with self._lock:
            parts = path.strip("/").split("/")
            return self._change(request, parts) if request.method != "GET" else self._read(request, parts)

    # -- what the company's staff do

    def set(self, asked: Any) -> Answer:
        """Creates or changes; `events` are posted afterwards, ids of the three filled in where an event names them."""
        if not isinstance(asked, dict):
            return self.refuse(422, "a JSON object")
        with self._lock:
            ids = self._put(asked)
            for event in asked.get("events", []):
                self.tell(self._event(event, ids))
            return as_json(ids)

    def tell(self, event: Any) -> Answer:
        """Posts one webhook to every registered address."""
        if not isinstance(event, dict) or "event-type" not in event:
            return self.refuse(422, "event-type is needed")
        body = json.dumps(event).encode()
        for url, headers in self._hooks:
            sent = {"content-type": "application/json", **headers}
            self._callbacks.send(Callback(self.name, str(event["event-type"]), url, body, sent))
        return as_json({"sent": len(self._hooks)})

    def state(self) -> Answer:
        with self._lock:
            return as_json(
                {
                    "opportunities": list(self._opportunities.values()), "jobs": list(self._jobs.values()),
                    "customers": list(self._customers.values()), "notes": self._notes,
                }
            )  # fmt: skip

    def _put(self, asked: Row) -> dict[str, str]:
        opportunity, job, customer = (dict(asked.get(name) or {}) for name in ("opportunity", "job", "customer"))
        known_job = self._jobs.get(job.get("id", ""), {})
        opportunity.setdefault("id", known_job.get("opportunityId") or str(uuid.uuid4()))
        before = self._opportunities.get(opportunity["id"]) or {
            "quoteNumber": 1000 + len(self._opportunities), "opportunityType": 0, "type": 1, "status": 0,
            "branch": {"name": None, "phoneNumber": None}, "payments": [], "referralSource": None,
            "customField01": None, "customField02": None, "customField03": None, "estimatedTotal": {"finalTotal": 0},
        }  # fmt: skip
        customer.setdefault("id", before.get("customerId") or str(uuid.uuid4()))
        job.setdefault("id", next(iter(self._jobs_of(opportunity["id"])), {}).get("id") or str(uuid.uuid4()))
        self._opportunities[opportunity["id"]] = {**before, **opportunity, "customerId": customer["id"]}
        self._customers[customer["id"]] = {
            **self._customers.get(customer["id"], {"name": "-", "phoneType": 0}),
            **customer,
        }
        empty: Row = {"type": 1, "jobDate": int(f"{self._now():%Y%m%d}"), "confirmed": False, "completedAtUtc": None,
                 "closedAtUtc": None, "jobAddresses": []}  # fmt: skip
        self._jobs[job["id"]] = {**empty, **known_job, **job, "opportunityId": opportunity["id"]}
        return {"opportunity-id": opportunity["id"], "job-id": job["id"], "customer-id": customer["id"]}

    def _event(self, event: Any, ids: dict[str, str]) -> Row:
        """A webhook by its name alone, or with more said."""
        said: Row = {"event-type": event} if isinstance(event, str) else dict(event)
        kind = str(said.get("event-type"))
        if kind.startswith("opportunity"):
            named = {"opportunity-id": ids["opportunity-id"]}
            if kind != "opportunity-deleted":
                named["opportunity-status"] = self._opportunities[ids["opportunity-id"]]["status"]
        elif kind.startswith(("job", "service-type")):
            named = {"job-id": ids["job-id"]}
        elif kind.startswith("customer"):
            named = {"customer-id": ids["customer-id"]}
        else:
            named = {"payment-id" if kind == "payment-made" else "followup-id": str(uuid.uuid4())}
        return {**named, **said}

    # -- what the API answers

    def _read(self, request: Request, parts: list[str]) -> Answer:
        match parts:
            case ["api", "branches"]:
                return _page([], request.query)
            case ["api", "opportunities", id] if id in self._opportunities:
                return as_json(self._details(self._opportunities[id], request.query))
            case ["api", "opportunities", id, "jobs"] if id in self._opportunities:
                hidden = ("opportunityId", "confirmed", "jobAddresses", "actualCharges")
                return as_json([{name: job[name] for name in job if name not in hidden} for job in self._jobs_of(id)])
            case ["api", "customers", id] if id in self._customers:
                return as_json(self._customers[id])
            case ["api", "leads"]:
                return _page(
                    [self._lead(row) for row in self._opportunities.values() if row["status"] <= 1], request.query
                )
            case _:
                return self.refuse(400, "not found")

    def _change(self, request: Request, parts: list[str]) -> Answer:
        form = request.json()
        match (request.method, parts):
            case ("POST", ["api", "premium", "leads"]):
                return self._take_lead(form)
            case ("PATCH", ["api", "premium", "opportunities", id]) if id in self._opportunities:
                self._opportunities[id] |= form
                return Answer(200)
            case ("POST", ["api", "premium", "opportunities", id, "communication", "notes"]) if (
                id in self._opportunities
            ):
                self._notes.append({"noteId": str(uuid.uuid4()), "opportunityId": id, "notes": form["notes"]})
                return as_json({"noteId": self._notes[-1]["noteId"]})
            case _:
                return self.refuse(400, "not found")

    def _take_lead(self, form: Row) -> Answer:
        if not (form.get("referralSource") or form.get("referralSourceId")):
            return self.refuse(400, "referralSource or referralSourceId is required")
        name = form.get("fullName") or f"{form.get('firstName', '')} {form.get('lastName', '')}".strip()
        customer = {"name": name, "phoneNumber": form.get("phoneNumber"), "emailAddress": form.get("email")}
        opportunity = {
            "status": 0, "referralSource": form.get("referralSource"), "notes": form.get("notes"),
            "createdAtUtc": self._now().isoformat(),
        }  # fmt: skip
        ids = self._put({"opportunity": opportunity, "customer": customer})
        return as_json({"leadId": ids["opportunity-id"]})

    def _jobs_of(self, id: str) -> list[Row]:
        return [job for job in self._jobs.values() if job["opportunityId"] == id]

    def _details(self, row: Row, query: dict[str, str]) -> Row:
        """OpportunityDetailsViewModel; parts that were not asked for are left out, as the real one does."""
        jobs = []
        for job in self._jobs_of(row["id"]):
            shown = {name: job.get(name) for name in ("id", "jobNumber", "jobDate", "type", "confirmed")}
            if query.get("IncludeJobAddresses") == "true":
                shown["jobAddresses"] = job["jobAddresses"]
            if query.get("IncludeCharges") == "true":
                shown["actualCharges"] = job.get("actualCharges", [])
            jobs.append(shown)
        hidden = ("customerId", "notes", "createdAtUtc", "payments")
        told = {name: value for name, value in row.items() if name not in hidden}
        customer = self._customers[row["customerId"]]
        payments = {"payments": row["payments"]} if query.get("IncludePayments") == "true" else {}
        return {**told, "customer": customer, "jobs": jobs, **payments}

    def _lead(self, row: Row) -> Row:
        customer = self._customers[row["customerId"]]
        return {
            "id": row["id"], "customerName": customer["name"], "emailAddress": customer.get("emailAddress"),
            "phoneNumber": customer.get("phoneNumber"), "phoneType": customer.get("phoneType", 0),
            "referralSourceName": row["referralSource"], "serviceDate": row.get("serviceDate") or 0,
            "branchId": UNSET, "createdAtUtc": row.get("createdAtUtc") or self._now().isoformat(),
        }  # fmt: skip
