"""What we post is signed as the standard's own library expects, and only ever goes to public hosts over TLS."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook

from moref.aws.outbound import check, post_signed, sign
from moref.kernel.errors import Permanent, Retry

SECRET = b"0123456789abcdef0123456789abcdef"


def dns(*addresses: str) -> Any:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe", "::", "ff02::1",
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(Permanent):
        check("https://crm.example/leads", loopback=False, resolve=dns(address))
    with pytest.raises(Permanent):
        check("https://crm.example/leads", loopback=False, resolve=dns("93.184.216.34", address))


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/", "ftp://crm.example/", "https://user@crm.example/", "https://user:pw@crm.example/",
        "https:///leads", "https://crm.example:99999/", "file:///etc/passwd", "crm.example", "https://[::1", "",
    ],
)  # fmt: skip
def test_an_address_that_is_no_plain_https_one_is_refused(url: str) -> None:
    with pytest.raises(Permanent):
        check(url, loopback=False, resolve=dns("93.184.216.34"))


def test_loopback_is_for_the_local_stage_only() -> None:
    assert check("http://127.0.0.1:4601/crm/leads", loopback=True).port == 4601
    with pytest.raises(Permanent):
        check("http://127.0.0.1:4601/crm/leads", loopback=False)
    with pytest.raises(Permanent):
        check("http://crm.example/leads", loopback=True, resolve=dns("93.184.216.34"))


def test_a_name_without_an_address_is_tried_again() -> None:
    with pytest.raises(Retry):
        check("https://crm.example/", loopback=False, resolve=dns())


def test_the_request_goes_to_the_address_that_was_checked_under_the_hosts_name() -> None:
    target = check("https://crm.example:8443/a?b=c", loopback=False, resolve=dns("93.184.216.34"))
    assert (target.pinned(), target.host_header()) == ("https://93.184.216.34:8443/a?b=c", "crm.example:8443")
    target = check("https://crm.example/a", loopback=False, resolve=dns("2606:4700::6810:84e5"))
    assert (target.pinned(), target.host_header()) == ("https://[2606:4700::6810:84e5]:443/a", "crm.example")


def test_the_secret_as_shown_and_its_bytes_sign_alike() -> None:
    shown = b"whsec_" + base64.b64encode(SECRET)
    assert sign("id", 1, b"{}", shown) == sign("id", 1, b"{}", SECRET)
    with pytest.raises(ValueError, match="empty"):
        sign("id", 1, b"{}", b"")


class _Receiver(BaseHTTPRequestHandler):
    status = 200
    extra: ClassVar[dict[str, str]] = {}
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        _Receiver.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    _Receiver.seen.clear()
    _Receiver.status, _Receiver.extra = 200, {}
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/leads?x=1"
    server.shutdown()
    server.server_close()
    thread.join()


def post(url: str, body: bytes = b"{}", now: datetime | None = None) -> Any:
    return post_signed(url, body, message_id="lead_1", secret=SECRET, now=now or datetime.now(UTC), loopback=True)


def test_the_standards_own_library_accepts_what_we_post(receiver: str) -> None:
    body = json.dumps({"type": "lead.created", "name": "Zoë"}, ensure_ascii=False).encode()
    assert post(receiver, body).status == 200
    path, headers, received = _Receiver.seen[0]
    assert path == "/leads?x=1"
    assert received == body
    assert Webhook(base64.b64encode(SECRET).decode()).verify(received, headers) == json.loads(body)


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: str) -> None:
    _Receiver.status, _Receiver.extra = 302, {"location": receiver}
    assert post(receiver).status == 302
    assert len(_Receiver.seen) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30), ("Tue, 02 Jun 2026 15:01:00 GMT", 60), ("soon", None), ("Mon, 01 Jun 2026 15:00:00 GMT", 0)],
)
def test_retry_after_is_read_as_seconds_or_a_date(receiver: str, said: str, seconds: int | None) -> None:
    _Receiver.status, _Receiver.extra = 429, {"retry-after": said}
    assert post(receiver, now=datetime(2026, 6, 2, 15, 0, tzinfo=UTC)).retry_after == seconds


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(Retry):
        post("http://127.0.0.1:9/leads")


def test_a_proxy_of_the_environment_is_not_asked(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert post(receiver).status == 200


@pytest.mark.parametrize(("named", "accepted"), [("crm.example", True), ("other.example", False)])
def test_tls_is_verified_for_the_hosts_name_though_the_connection_goes_to_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, accepted: bool
) -> None:
    certificate, key = _self_signed(tmp_path, named)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    _Receiver.seen.clear()
    _Receiver.status, _Receiver.extra = 200, {}
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names: list[str | None] = []
    context.sni_callback = lambda sock, name, _: names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is what we test
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        send = partial(
            post_signed, f"https://crm.example:{server.server_port}/leads", b"{}", message_id="lead_1", secret=SECRET,
            now=datetime.now(UTC), loopback=True, resolve=dns("127.0.0.1"),
        )  # fmt: skip
        if accepted:
            assert send().status == 200
            assert _Receiver.seen[0][1]["host"] == f"crm.example:{server.server_port}"
        else:
            with pytest.raises(Retry, match="SSLError"):
                send()
            assert _Receiver.seen == []
        assert names == ["crm.example"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return pem, secret
