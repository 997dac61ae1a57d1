"""The public address shows the API as production does."""

from __future__ import annotations

import base64
import http.client
import json

import pytest
import requests

from infra.local.cloud import Cloud

pytestmark = pytest.mark.cloud


def test_method_path_query_headers_and_body_arrive_unchanged(probe: Cloud) -> None:
    answer = requests.put(
        f"{probe.url}/echo/a%20b/c?x=1&x=2&empty=&plus=%2B",
        data=b'{"a": "\xc3\xa9"}',
        headers={"x-own": "v"},
        timeout=30,
    )
    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["rawQueryString"] == "x=1&x=2&empty=&plus=%2B"
    assert seen["headers"]["x-own"] == "v"
    assert base64.b64decode(seen["body"]) == b'{"a": "\xc3\xa9"}'
    assert seen["rawPath"].endswith("/c")


def test_the_function_learns_the_public_host(probe: Cloud) -> None:
    headers = requests.get(f"{probe.url}/echo/x", timeout=30).json()["headers"]
    assert headers["x-forwarded-host"] == probe.url.removeprefix("http://")
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-for"] == "127.0.0.1"


def test_a_redirect_is_handed_back_not_followed(probe: Cloud) -> None:
    answer = requests.get(f"{probe.url}/echo/redirect", allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://example.com/?ref=A&b=1")


def test_binary_answers_keep_every_byte(probe: Cloud) -> None:
    answer = requests.get(f"{probe.url}/echo/binary", timeout=30)
    assert (answer.content, answer.headers["content-type"]) == (b"\x00\xff\x10\x80", "image/x")


def test_one_connection_serves_many_requests_also_chunked_and_head(probe: Cloud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", probe.layout.front_port, timeout=30)
    try:
        connection.request("POST", "/echo/x", body=iter([b"one ", b"two"]), encode_chunked=True)
        first = connection.getresponse()
        assert base64.b64decode(json.loads(first.read())["body"]) == b"one two"
        socket = connection.sock
        connection.request("HEAD", "/echo/x")
        head = connection.getresponse()
        assert (head.status, head.read()) == (200, b"")
        connection.request("GET", "/echo/x")
        assert connection.getresponse().status == 200
        assert connection.sock is socket
    finally:
        connection.close()


def test_an_unknown_route_is_the_gateways_own_404(probe: Cloud) -> None:
    answer = requests.get(f"{probe.url}/nowhere", timeout=30)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
