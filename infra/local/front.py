"""`python -m infra.local.front`: the product's public address, a thin proxy onto the embedded API Gateway.

In production the API answers at the root of its own domain; ministack answers below
`/_aws/execute-api/<api id>/$default`. The proxy hides the difference and changes nothing else: method, raw
path, query, headers and body pass as they are, redirects are handed back, connections stay open. It adds the
`x-forwarded-*` headers that API Gateway adds and ministack does not.
"""

from __future__ import annotations

import http.client
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.local.layout import API_ID, HOST, Layout

PREFIX = f"/_aws/execute-api/{API_ID}/$default"
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
UPSTREAM_TIMEOUT_SECONDS = 60


class _Front(BaseHTTPRequestHandler):
    """One client connection; it owns one connection to the gateway and keeps both open."""

    protocol_version = "HTTP/1.1"
    gateway_port = 0
    gateway: http.client.HTTPConnection | None = None

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def finish(self) -> None:
        super().finish()
        if self.gateway is not None:
            self.gateway.close()

    def _pass(self) -> None:
        body = self._body()
        try:
            answer = self._ask(body)
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._answer(502, [("content-type", "text/plain")], f"the local cloud does not answer: {error}\n".encode())
            return
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        self._answer(answer.status, headers, content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _pass

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("transfer-encoding") or "").lower():
            return self._chunks()
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        """Send the request on; once more on a fresh connection when the kept one had been closed meanwhile."""
        kept = self.gateway is not None
        try:
            return self._send(body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if self.gateway is not None:
                self.gateway.close()
                self.gateway = None
            if not kept:
                raise
            return self._send(body)

    def _send(self, body: bytes) -> http.client.HTTPResponse:
        if self.gateway is None:
            self.gateway = http.client.HTTPConnection(HOST, self.gateway_port, timeout=UPSTREAM_TIMEOUT_SECONDS)
        host = self.headers.get("host", "")
        self.gateway.putrequest(self.command, PREFIX + self.path, skip_host=True, skip_accept_encoding=True)
        self.gateway.putheader("host", f"{HOST}:{self.gateway_port}")
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP | {"host", "content-length"}:
                self.gateway.putheader(name, value.encode("latin-1"))
        self.gateway.putheader("x-forwarded-for", self.client_address[0])
        self.gateway.putheader("x-forwarded-host", host)
        self.gateway.putheader("x-forwarded-proto", "http")
        self.gateway.putheader("content-length", str(len(body)))
        self.gateway.endheaders(body or None)
        return self.gateway.getresponse()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: paths hold tokens."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def front_server(port: int, gateway_port: int) -> ThreadingHTTPServer:
    """The proxy, not yet serving."""
    handler = type("Front", (_Front,), {"gateway_port": gateway_port})
    return _Server((HOST, port), handler)


def main() -> None:
    layout = Layout.from_environment()
    front_server(layout.front_port, layout.aws_port).serve_forever()


if __name__ == "__main__":
    main()
