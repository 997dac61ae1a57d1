"""The doors' AWS client: signatures equal to the SDK's, and the faults it must survive (a server on loopback)."""

import json
import threading
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from moref.aws.light import SERVICES, Credentials, Light, Service, marshal, signed_headers, unmarshal
from moref.aws.values import decode, encode
from moref.kernel.errors import Conflict, Permanent, Retry

CONDITION = b'{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}'


@pytest.mark.parametrize("token", ["", "a-session-token/+="])
@pytest.mark.parametrize(
    ("service", "operation"), [("dynamodb", "PutItem"), ("dynamodb", "GetItem"), ("kms", "Decrypt")]
)
@pytest.mark.parametrize("body", [b"{}", '{"name": "Zo\u00eb"}'.encode(), b"x" * 70_000])
def test_a_signature_equals_the_sdks(token: str, service: str, operation: str, body: bytes) -> None:
    now = time.time()
    host = f"{service}.us-west-2.amazonaws.com"
    target = f"{SERVICES[service][0]}.{operation}"
    who = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    ours = signed_headers(who, service, "us-west-2", host=host, target=target, body=body, now=now)
    request = AWSRequest(
        "POST", f"https://{host}/", {"Content-Type": SERVICES[service][1], "X-Amz-Target": target}, body
    )
    signer = SigV4Auth(SdkCredentials(who.key_id, who.secret, token or None), service, "us-west-2")
    stamp = ours["x-amz-date"]
    request.context["timestamp"] = stamp
    request.headers["X-Amz-Date"] = stamp
    if token:
        request.headers["X-Amz-Security-Token"] = token
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(request))}," in ours["authorization"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)


@given(JSON)
def test_values_are_written_as_the_store_writes_them(value: Any) -> None:
    assert marshal(value) == encode(value)
    assert unmarshal(marshal(value)) == decode(encode(value)) == value


def test_a_float_is_not_stored() -> None:
    with pytest.raises(TypeError):
        marshal({"amount": 1.5})


Answer = tuple[int, bytes]


class _Server(ThreadingHTTPServer):
    """Answers as told, in order; what is left over answers the last. Counts connections."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Answer | str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
        script = self.server.script
        step = script.pop(0) if len(script) > 1 else script[0]
        if step == "close":
            self.close_connection = True
            return
        if step == "hang":
            threading.Event().wait(1.5)
            self.close_connection = True
            return
        if step == "damage":
            self._answer(200, b"{}", crc=b"1")
        elif step == "cut":
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b'{"Item"')
            self.close_connection = True
        else:
            assert not isinstance(step, str)
            self._answer(*step)

    def _answer(self, status: int, body: bytes, crc: bytes | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-amz-crc32", crc.decode() if crc else str(zlib.crc32(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as here:
        thread = threading.Thread(target=here.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        here.shutdown()
        thread.join()


def light(server: _Server) -> Light:
    service = Service("dynamodb", endpoint=server.url, credentials=Credentials("id", "secret", "tok"))
    return Light(service, Service("kms", endpoint=server.url, credentials=Credentials("id", "secret")))


ITEM: Answer = (200, json.dumps({"Item": {"pk": {"S": "a"}, "data": {"M": {"n": {"N": "7"}}}}}).encode())


def test_calls_share_one_connection_and_carry_the_session_token(server: _Server) -> None:
    server.script = [ITEM]
    client = light(server)
    for _ in range(3):
        assert client.get("core", ("a", "self")) == {"pk": "a", "data": {"n": 7}}
    assert server.connections == 1
    headers, body = server.requests[0]
    assert headers["x-amz-security-token"] == "tok"
    assert json.loads(body) == {"TableName": "core", "Key": {"pk": {"S": "a"}, "sk": {"S": "self"}}}
    client._dynamodb._drop()


def test_an_absent_row_is_none(server: _Server) -> None:
    server.script = [(200, b"{}")]
    client = light(server)
    assert client.get("core", ("a", "self")) is None
    client._dynamodb._drop()


@pytest.mark.parametrize(
    "fault",
    ["close", "cut", "damage", (500, b""), (503, b"<html>"), (400, b'{"__type": "x#ThrottlingException"}')],
)
def test_one_fault_is_survived_by_one_repeat(server: _Server, fault: Any) -> None:
    server.script = [fault, ITEM]
    client = light(server)
    assert client.get("core", ("a", "self")) is not None
    assert len(server.requests) == 2
    client._dynamodb._drop()


def test_a_dead_kept_connection_is_replaced(server: _Server) -> None:
    server.script = [ITEM, "close", ITEM]
    client = light(server)
    assert client.get("core", ("a", "self")) == client.get("core", ("a", "self"))
    assert server.connections == 2
    client._dynamodb._drop()


def test_two_faults_are_given_up(server: _Server) -> None:
    server.script = [(500, b"")]
    with pytest.raises(Retry):
        (client := light(server)).get("core", ("a", "self"))
    assert len(server.requests) == 2
    client._dynamodb._drop()


def test_a_service_that_hangs_is_given_up_in_time(server: _Server) -> None:
    server.script = ["hang"]
    begun = time.monotonic()
    with pytest.raises(Retry):
        light(server).get("core", ("a", "self"), within=0.3)
    assert time.monotonic() - begun < 0.6


def test_a_service_that_is_not_there_is_given_up() -> None:
    nobody = Service("dynamodb", endpoint="http://127.0.0.1:9", credentials=Credentials("id", "secret"))
    with pytest.raises(Retry):
        Light(nobody).get("core", ("a", "self"))


def test_a_put_is_conditional_and_says_when_a_row_stands(server: _Server) -> None:
    server.script = [(200, b"{}"), (400, CONDITION)]
    client = light(server)
    client.put("traffic", {"pk": "a", "sk": "b", "version": 1})
    assert json.loads(server.requests[0][1])["ConditionExpression"] == "attribute_not_exists(pk)"
    with pytest.raises(Conflict):
        client.put("traffic", {"pk": "a", "sk": "b"})
    client._dynamodb._drop()


def test_a_refusal_is_not_repeated(server: _Server) -> None:
    server.script = [(400, b'{"__type": "com.amazon.coral.service#AccessDeniedException"}')]
    client = light(server)
    with pytest.raises(Permanent, match="AccessDenied"):
        client.get("core", ("a", "self"))
    assert len(server.requests) == 1
    client._dynamodb._drop()


def test_decrypt_names_its_context(server: _Server) -> None:
    server.script = [(200, b'{"Plaintext": "c2VjcmV0"}')]
    client = light(server)
    assert client.decrypt("Y2lwaGVy", {"organization": "org_A", "purpose": "webhook"}) == "c2VjcmV0"
    headers, body = server.requests[0]
    assert headers["x-amz-target"] == "TrentService.Decrypt"
    assert json.loads(body)["EncryptionContext"] == {"organization": "org_A", "purpose": "webhook"}
    assert client._kms is not None
    client._kms._drop()


def test_the_region_and_the_endpoint_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    service = Service("kms")
    assert (service._host, service._secure) == ("kms.eu-west-1.amazonaws.com", True)
