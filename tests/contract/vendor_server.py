"""A vendor's HTTP server that answers as it is told, also wrongly, and keeps what it was asked."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moref.runtime import Runtime
from tests.fakes.runtime import fake_runtime

Answer = tuple[int, bytes]


class Server(ThreadingHTTPServer):
    """Answers with `answer`, or what the word in its place says; keeps the requests."""

    daemon_threads = True
    answer: Answer | str = (201, b"{}")
    headers: dict[str, str]
    seen: list[tuple[str, str, dict[str, str], bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answer
        if isinstance(answer, str):
            if answer == "cut":
                self.wfile.write(b'HTTP/1.1 201 Created\r\ncontent-length: 400\r\n\r\n{"sid": "SM')
            elif answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response(answer[0])
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(vendor: str) -> Iterator[tuple[Server, Runtime]]:
    server = Server(("127.0.0.1", 0), Handler)
    server.seen, server.headers = [], {}
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/{vendor}"
        yield server, fake_runtime(vendor_urls=json.dumps({vendor: url}))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
