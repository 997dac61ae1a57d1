"""DynamoDB and KMS as far as a benchmark needs them: canned answers, at once, over kept connections, plain or TLS.

It looks at nothing but the operation and the key, so that its own time stays small and the same for product and floor.
"""

import json
import socket
import ssl
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.perf import sample

Look = Callable[[dict[str, str], bytes], None]
MISSING = b"{}"


def _answer(content: bytes) -> bytes:
    """With the headers that DynamoDB sends."""
    return (
        "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(content)}\r\nConnection: keep-alive\r\n"
        "x-amzn-RequestId: 7KQ1C7QH2H0E1V9S9V0M5A7B2NVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
        f"x-amz-crc32: {zlib.crc32(content)}\r\n\r\n"
    ).encode() + content


_ITEMS = {f'"{key}"'.encode(): _answer(json.dumps({"Item": item}).encode()) for key, item in sample.ITEMS.items()}
_DECRYPTED = _answer(json.dumps({"KeyId": "arn:aws:kms:key", "Plaintext": sample.SEALED_PLAIN}).encode())
_DONE = _answer(b"{}")


class Stub:
    """Listens on a port of loopback until closed. `counts` says what was asked: {operation: times}."""

    def __init__(self, tls: tuple[Path, Path] | None = None, look: Look | None = None) -> None:
        """`tls` is a certificate and its key; `look` is shown every request's headers (lower case) and body."""
        self.counts: Counter[str] = Counter()
        self._look = look
        self._context: ssl.SSLContext | None = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*tls)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as received:
                while line := received.readline():
                    connection.sendall(self._one(line, received))
        except OSError:
            return  # the client went away, or did not trust us

    def _one(self, _: bytes, received: Any) -> bytes:
        headers: dict[str, str] = {}
        while (line := received.readline()) not in (b"\r\n", b""):
            name, _colon, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body: bytes = received.read(int(headers.get("content-length", "0")))
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        self.counts[operation] += 1
        if self._look is not None:
            self._look(headers, body)
        if operation == "GetItem":
            return next((answer for key, answer in _ITEMS.items() if key in body), _answer(MISSING))
        return _DECRYPTED if operation == "Decrypt" else _DONE
