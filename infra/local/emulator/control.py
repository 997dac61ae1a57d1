"""The emulator's own small HTTP door, for the desk: state of the clock, moving it, and the sent e-mail.

GET /state          {"now": epoch, "offset": s, "busy": [...], "begun": n, "next_due": epoch or null}
POST /shift?seconds= moves time in one leap, fires what is due, answers like /state
GET /mail           ministack's records of every e-mail sent
The desk decides about steps and draining (sandbox/clock.py); nothing else should call this.
"""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.local.emulator import quiet
from infra.local.emulator.clock import EmulatorClock
from infra.local.emulator.patches.activity import invocations
from infra.local.emulator.patches.scheduler_tick import fire_due
from infra.local.emulator.patches.sent_mail import sent
from infra.local.layout import HOST


def _state(clock: EmulatorClock) -> dict[str, Any]:
    return {
        "now": time.time(),
        "offset": clock.offset,
        "busy": quiet.busy(),
        "begun": invocations.begun,
        "next_due": quiet.next_due(),
    }


def control_server(clock: EmulatorClock, port: int) -> ThreadingHTTPServer:
    """The server, not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/mail":
                self._answer(200, sent())
            elif path == "/state":
                self._answer(200, _state(clock))
            else:
                self._answer(404, {"error": path})

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            if url.path != "/shift":
                self._answer(404, {"error": url.path})
                return
            clock.shift(float(parse_qs(url.query)["seconds"][0]))
            fire_due()
            self._answer(200, _state(clock))

        def _answer(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the desk asks many times a second while it drains."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    return server
