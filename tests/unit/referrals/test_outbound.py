"""What we post is signed as the standard's own library expects, and only ever goes to public hosts over TLS."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
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
