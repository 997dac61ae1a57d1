"""Sending to a local cloud and looking at what it stored, for the load measurements."""

import http.client
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import local
from typing import Any
from urllib.parse import urlsplit

from infra.local.cloud import Cloud, NotAtRest
from moref.aws.values import decode_map
from moref.kernel.names import resource

SENDERS = 6  # more would only start more functions at once, on two cores
SETTLE_SECONDS = 900
READ_AT_ONCE = 100
Row = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    seconds: float  # from when the request was due


def table(name: str) -> str:
    return resource("local", name)


class Senders:
    """Each thread keeps a connection to each address; all are closed at the end of the block."""

    def __init__(self) -> None:
        self._own = local()
        self._opened: list[http.client.HTTPConnection] = []

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._opened:
            connection.close()

    def send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], due: float | None = None
    ) -> Reply:
        """The clock starts when the request is `due`, not when we find the time to send it."""
        parts = urlsplit(url)
        begun = time.monotonic() if due is None else due
        connection = self._connection(parts.netloc)
        connection.request(method, parts.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, time.monotonic() - begun)

    def _connection(self, address: str) -> http.client.HTTPConnection:
        mine: dict[str, http.client.HTTPConnection] = self._own.__dict__.setdefault("connections", {})
        if address not in mine:
            mine[address] = http.client.HTTPConnection(address, timeout=60)
            self._opened.append(mine[address])
        return mine[address]


def drain(cloud: Cloud, seconds: float = SETTLE_SECONDS) -> None:
    """Until the cloud is at rest, for longer than its clock would wait."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            cloud.clock.drain()
        except NotAtRest:  # within the desk's own deadline, which is shorter
            if time.monotonic() > deadline:
                raise
        else:
            return


def rows(cloud: Cloud, name: str, keys: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """Those that are there, read consistently."""
    wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    client = cloud.boto("dynamodb")
    for start in range(0, len(wanted), READ_AT_ONCE):
        ask = {table(name): {"Keys": wanted[start : start + READ_AT_ONCE], "ConsistentRead": True}}
        while ask:
            answer = client.batch_get_item(RequestItems=ask)
            yield from (decode_map(item) for item in answer["Responses"].get(table(name), []))
            ask = answer.get("UnprocessedKeys") or {}
    client.close()


def settle(cloud: Cloud, settled: Callable[[], bool], seconds: float = SETTLE_SECONDS) -> None:
    """At rest, and `settled` (or out of time): a message whose function was killed is out of sight for minutes."""
    deadline = time.monotonic() + seconds
    while True:
        drain(cloud)
        if settled() or time.monotonic() > deadline:
            return
        time.sleep(1)
