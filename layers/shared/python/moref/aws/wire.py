"""HTTP/1.1 as AWS's JSON services speak it: one exchange at a time over one kept connection. For `light.py` only.

Instead of `http.client`, which reads headers as if they were an e-mail's: that is half of a warm call's time, and its
e-mail package a seventh of a cold start's (tests/perf measures both). Every error is an OSError. Anything but a whole
and well-formed answer is one, and ends the connection, so that no answer is ever taken for another request's.
"""

import os
import socket
import ssl
import time
from functools import cache

ROOTS = os.path.join(os.path.dirname(__file__), "amazon_roots.pem")
MOST_HEAD = 65_536  # bytes
AT_ONCE = 32_768


class BadAnswer(OSError):
    """Cut short, or nothing that HTTP allows here."""


class Answer:
    """Header names and values are in lower case."""

    __slots__ = ("content", "headers", "status")

    def __init__(self, status: int, headers: dict[bytes, bytes], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content


class Wire:
    """Connects at the first exchange, and again after a failed one."""

    __slots__ = ("_address", "_context", "_socket")

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self._address = (host, port)
        self._context = _trusting() if secure else None  # now: reading certificates is no part of an exchange's time
        self._socket: socket.socket | None = None

    def exchange(self, request: bytes, within: float) -> Answer:
        """Sends the request's bytes as they are; `within` is seconds for all of it."""
        deadline = time.monotonic() + within
        link = self._socket or self._connect(within)
        self._socket = None  # kept again when the answer was whole
        try:
            link.settimeout(within)
            link.sendall(request)
            answer, keep = _read(link, deadline)
            if keep:
                self._socket = link
        except ValueError as error:
            raise BadAnswer(str(error)) from None
        finally:
            if self._socket is None:
                link.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self, within: float) -> socket.socket:
        link = socket.create_connection(self._address, timeout=within)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._context.wrap_socket(link, server_hostname=self._address[0]) if self._context else link


@cache
def _trusting() -> ssl.SSLContext:
    # Five roots, not the system's hundred and forty: reading those is half of a door's start.
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or ROOTS)


def _read(link: socket.socket, deadline: float) -> tuple[Answer, bool]:
    """The answer, and whether the connection may be kept. Raises ValueError on what is not HTTP."""
    received = _more(link, deadline)
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > MOST_HEAD:
            raise BadAnswer("endless headers")
        received += _more(link, deadline)
    first, *lines = received[:end].lower().split(b"\r\n")
    headers = {name: value.strip() for name, _, value in [line.partition(b":") for line in lines]}
    version, _, status = first.partition(b" ")
    if version not in (b"http/1.1", b"http/1.0"):
        raise BadAnswer("not HTTP/1")
    content = received[end + 4 :]
    if headers.get(b"transfer-encoding") == b"chunked":
        content = _chunks(link, deadline, content)
    else:
        length = int(headers.get(b"content-length", b"none"))  # without one, a cut answer looks like a whole one
        while len(content) < length:
            content += _more(link, deadline)
        if len(content) != length:
            raise BadAnswer("more than the answer")
    keep = version == b"http/1.1" and headers.get(b"connection") != b"close"
    return Answer(int(status[:3]), headers, content), keep


def _chunks(link: socket.socket, deadline: float, received: bytes) -> bytes:
    """AWS sends lengths; proxies do this. Trailers are not expected, and an error."""
    content = b""
    size = -1
    while size:
        while b"\r\n" not in received:
            received += _more(link, deadline)
        line, _, received = received.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        while len(received) < size + 2:
            received += _more(link, deadline)
        if received[size : size + 2] != b"\r\n":
            raise BadAnswer("a chunk of another size")
        content += received[:size]
        received = received[size + 2 :]
    if received:
        raise BadAnswer("more than the answer")
    return content


def _more(link: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    link.settimeout(left)
    found = link.recv(AT_ONCE)
    if not found:
        raise BadAnswer("cut")
    return found
