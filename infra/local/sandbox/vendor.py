"""What the desk asks of a sandboxed vendor, and how one request to it is served."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from infra.local.sandbox.faults import STATUS_KINDS, Fault, Faults, spoil
from infra.local.sandbox.record import Recorder
from infra.local.sandbox.validate import Validator
from infra.local.sandbox.web import Answer, Request


class Vendor(Protocol):
    """One outside system. Paths are those behind `prefix`."""

    name: str
    prefix: str
    fault_kinds: frozenset[str]

    def register(self, settings: dict[str, Any]) -> None:
        """Take a credential with its callback address. Raises KeyError for a missing setting."""

    def authorised(self, request: Request) -> bool:
        """Whether the credential of the request is a registered one."""

    def refuse(self, status: int, message: str) -> Answer:
        """An error in the vendor's own shape."""

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        """The vendor's answer, with its effect; `fault` may change what the vendor does."""


class Counter:
    """Serves vendor requests: record, authenticate, validate, fail on demand, answer."""

    def __init__(self, vendors: list[Vendor], recorder: Recorder, faults: Faults, validator: Validator) -> None:
        self._vendors = vendors
        self._recorder = recorder
        self._faults = faults
        self._validator = validator

    def vendor_of(self, path: str) -> Vendor | None:
        return next((vendor for vendor in self._vendors if path.startswith(vendor.prefix + "/")), None)

    def serve(self, vendor: Vendor, request: Request, at: datetime) -> Answer:
        path = request.path.removeprefix(vendor.prefix)
        entry = self._recorder.add(vendor.name, path, request, at.isoformat())
        answer = self._answer(vendor, request, path, entry)
        entry["status"] = answer.status
        return answer

    def _answer(self, vendor: Vendor, request: Request, path: str, entry: dict[str, Any]) -> Answer:
        if not vendor.authorised(request):
            return vendor.refuse(401, "Authentication Error")
        entry["valid"], entry["error"] = self._validator.check(vendor.name, path, request)
        if entry["valid"] is False:
            return vendor.refuse(400, f"Invalid request: {entry['error']}")
        fault = self._faults.take(vendor.name, request.method)
        if fault is None:
            return vendor.answer(request, path, None)
        entry["fault"] = fault.kind
        if fault.kind in STATUS_KINDS:
            return vendor.refuse(STATUS_KINDS[fault.kind], f"refused on demand ({fault.kind})")
        return spoil(vendor.answer(request, path, fault), fault)
