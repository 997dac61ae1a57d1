"""A CRM that takes leads: `POST /crm/leads` with any JSON object. It has no published description."""

from __future__ import annotations

import threading
from typing import Any

from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json


class Crm:
    name = "crm"
    prefix = "/crm"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leads: list[Any] = []

    def register(self, settings: dict[str, Any]) -> None:
        """Nothing to register: whoever can reach the sandbox may hand in leads."""

    def authorised(self, request: Request) -> bool:
        return True

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"error": message}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        if path != "/leads":
            return self.refuse(404, f"the sandbox does not know {path}")
        if request.method == "GET":
            return as_json({"leads": self._leads})
        lead = request.json()
        if not isinstance(lead, dict):
            return self.refuse(422, "a lead is a JSON object")
        with self._lock:
            self._leads.append(lead)
            return as_json({"id": f"lead-{len(self._leads)}"})
