"""One answer belongs to one request: what is whole is read however it arrives, all else is an error and a new
connection."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from moref.aws.wire import ROOTS, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Amz-Crc32: 1\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Answers each request with the next script, in its pieces; `None` at the end of one closes the connection."""

    def __init__(self) -> None:
        self.scripts: list[list[bytes | None]] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while self.scripts and link.recv(65_536):
                    if not all(self._send(link, piece) for piece in self.scripts.pop(0)):
                        break

    @staticmethod
    def _send(link: socket.socket, piece: bytes | None) -> bool:
        if piece is not None:
            link.sendall(piece)
        return piece is not None


@pytest.fixture
def server() -> Iterator[Server]:
    here = Server()
    yield here
    here.close()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    here = Wire("127.0.0.1", server.port, secure=False)
    yield here
    here.close()


def ask(wire: Wire) -> tuple[int, bytes]:
    answer = wire.exchange(b"POST / HTTP/1.1\r\n\r\n", 5)
    return answer.status, answer.content


@pytest.mark.parametrize(
    ("pieces", "content"),
    [
        ([OK], b"{}"),
        ([OK[n : n + 1] for n in range(len(OK))], b"{}"),
        ([OK.replace(b"Content-Length: 2", b"content-length:2")], b"{}"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n", b"x" * 200_000], b"x" * 200_000),
        ([CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"], b"{}"),
        ([CHUNKED, b"1", b"\r\n{\r\n1;a=b\r\n}\r", b"\n0\r\n\r", b"\n"], b"{}"),
        ([CHUNKED + b"0\r\n\r\n"], b""),
        ([b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"], b""),
    ],
)
def test_a_whole_answer_is_read_however_it_arrives(
    server: Server, wire: Wire, pieces: list[bytes | None], content: bytes
) -> None:
    server.scripts = [pieces, [OK]]
    assert ask(wire) == (200, content)
    assert ask(wire) == (200, b"{}")
    assert server.connections == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [None],
        [b"HTTP/1.1 200 OK\r\nContent-Len", None],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", None],
        [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\n{}", None],
        [b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}"],
        [b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}"],
        [b"SSH-2.0-OpenSSH_9.2\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000],
        [CHUNKED + b"5\r\n{}\r\n0\r\n\r\n", None],
        [CHUNKED + b"1\r\n{}\r\n0\r\n\r\n"],
        [CHUNKED + b"-1\r\n{}\r\n0\r\n\r\n"],
        [CHUNKED + b"zz\r\n\r\n"],
        [CHUNKED + b"2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK"],
        [CHUNKED + b"2\r\n{}\r\n", None],
    ],
)
def test_anything_else_is_an_error_and_never_meets_the_next_request(
    server: Server, wire: Wire, pieces: list[bytes | None]
) -> None:
    server.scripts = [pieces, [OK]]
    with pytest.raises(OSError):  # noqa: PT011  every kind of it, that is the contract
        ask(wire)
    assert ask(wire) == (200, b"{}")
    assert server.connections == 2


@pytest.mark.parametrize("answer", [OK.replace(b"1.1", b"1.0"), OK.replace(b"X-Amz-Crc32: 1", b"Connection: Close")])
def test_a_connection_that_the_server_ends_is_not_used_again(server: Server, wire: Wire, answer: bytes) -> None:
    server.scripts = [[answer, None], [OK]]
    assert ask(wire) == ask(wire) == (200, b"{}")
    assert server.connections == 2


def test_an_answer_that_trickles_in_is_given_up_in_time(server: Server, wire: Wire) -> None:
    server.scripts = [[OK[:20]], [OK]]
    with pytest.raises(TimeoutError):
        wire.exchange(b"POST / HTTP/1.1\r\n\r\n", 0.05)


def fingerprints(path: str) -> set[bytes]:
    """Of Amazon's own roots in a bundle; their names are the ones that Amazon Trust Services lists."""
    found = set()
    for pem in re.findall("-----BEGIN.*?-----END CERTIFICATE-----", Path(path).read_text(), re.DOTALL):
        certificate = ssl.PEM_cert_to_DER_cert(pem)
        if b"Amazon Root CA" in certificate or b"Starfield Services Root" in certificate:
            found.add(certificate)
    return found


def test_the_roots_are_all_of_amazons_that_mozilla_trusts_and_no_other() -> None:
    assert fingerprints(ROOTS) == fingerprints(certifi.where())
    assert len(fingerprints(ROOTS)) == Path(ROOTS).read_text().count("BEGIN CERTIFICATE") == 5
    loaded = ssl.create_default_context(cafile=ROOTS).get_ca_certs()
    assert len(loaded) == 5
