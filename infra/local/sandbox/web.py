"""The desk's few words about HTTP: a request, an answer, and the ways in which an answer can go wrong."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.layout import HOST

HANG_SECONDS = 120


class Flaw(Enum):
    """How an answer is spoiled on the wire."""

    NONE = "none"
    LOST = "lost"
    """The connection closes without a byte of the answer."""
    TRUNCATED = "truncated"
    """Half of the announced body, then the connection closes."""
    HANGING = "hanging"
    """Nothing comes until the caller gives up."""


@dataclass(frozen=True)
class Request:
    """What came in. `path` has no query; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; None for an empty or unreadable one."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    flaw: Flaw = Flaw.NONE


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode())


def _await_caller(connection: socket.socket) -> None:
    """Return when the caller has closed, or after HANG_SECONDS."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        readable, _, _ = select.select([connection], [], [], 0.5)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            return


def web_server(port: int, answer: Callable[[Request], Answer]) -> ThreadingHTTPServer:
    """A server on loopback that asks `answer` for every request; not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            self._send(answer(Request(self.command, url.path, query, headers, body)))

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

        def _send(self, result: Answer) -> None:
            if result.flaw in (Flaw.LOST, Flaw.HANGING):
                if result.flaw is Flaw.HANGING:
                    _await_caller(self.connection)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(result.status)
            self.send_header("content-type", result.content_type)
            self.send_header("content-length", str(len(result.body)))
            for name, value in result.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if result.flaw is Flaw.TRUNCATED:
                self.wfile.write(result.body[: len(result.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(result.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: every vendor request is recorded in full instead."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    return Server((HOST, port), Handler)
