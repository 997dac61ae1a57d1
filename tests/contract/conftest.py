"""The stores that the contract is held against: the in-memory twin, and DynamoDB on an emulator of its own.

In front of the emulator stands a proxy that loses answers on demand: `backend.faults`.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from moref.aws.dynamo import DynamoStore
from moref.aws.rows import ATTEMPTS, bind
from moref.aws.values import decode_map, encode
from moref.kernel.names import INDEXES, TABLES
from moref.records import Store
from tests.fakes.memory_store import MemoryStore

READY_SECONDS = 30
Row = dict[str, Any]


class Faults:
    """The proxy's rules, one list at a time; `url` is what a client under test talks to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._before = 0

    def set(self, *rules: dict[str, Any]) -> None:
        self._ask("rules", json.dumps(list(rules)).encode())
        self._before += self.fired()

    def lose_answers(self, *operations: str, times: int = 1) -> None:
        """The table does it; nobody hears of it."""
        self.set(*({"operation": name, "times": times, "response": {"abort_bytes": 0}} for name in operations))

    def refuse(self, operation: str, code: str, times: int) -> None:
        self.set({"operation": operation, "times": times, "error": {"code": code, "status": 400, "message": code}})

    def fired(self) -> int:
        """How often since the rules were set."""
        return len(json.loads(self._ask("fired?limit=100000"))) - self._before

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.url}/_microburst/{path}", body)  # noqa: S310  our own proxy
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())


@dataclass
class Backend:
    """A store and a way to look at what it really stored. `read` and `write` take whole rows, outside the store."""

    store: Store
    read: Callable[[str, str, str], Row | None]
    write: Callable[[str, Row], None]
    events: Callable[[str], list[Row]]  # envelopes of an organization's outbox


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded AWS with the three tables; its URL."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        log = tmp_path_factory.mktemp("emulator") / "log"
        settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
        with _running("ministack", [], f"{url}/_ministack/health", log, **settings):
            client = boto3.client("dynamodb", endpoint_url=url)
            for table in TABLES:
                client.create_table(**_description(f"contract-{table}"))
            client.close()
            yield url


@pytest.fixture(scope="session")
def proxy(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("proxy") / "log"
    options = ["--upstream", emulator, "--port", str(port), "--host", "127.0.0.1"]
    with _running("microburst", options, f"{url}/_microburst/health", log):
        yield Faults(url)


@pytest.fixture
def faults(proxy: Faults) -> Iterator[Faults]:
    proxy.set()
    yield proxy
    proxy.set()


@pytest.fixture(scope="session")
def direct(emulator: str) -> Backend:
    """The store on DynamoDB with nothing in between."""
    return _dynamo(emulator, emulator)


@pytest.fixture(scope="session")
def disturbed(emulator: str, proxy: Faults) -> Backend:
    """The same behind the proxy; what was really stored is read past it."""
    return _dynamo(emulator, proxy.url)


@pytest.fixture(scope="session")
def hasty(emulator: str, proxy: Faults) -> Backend:
    """As `disturbed`, but the SDK repeats nothing: one lost answer is no answer at all."""
    return _dynamo(emulator, proxy.url, attempts=1)


@pytest.fixture(params=["memory", pytest.param("dynamo", marks=pytest.mark.cloud)])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "dynamo":
        found: Backend = request.getfixturevalue("direct")
        return found
    return _memory()


@pytest.fixture
def memory() -> Backend:
    return _memory()


def _memory() -> Backend:
    store = MemoryStore()

    def write(table: str, row: Row) -> None:
        store.rows[table, row["pk"], row["sk"]] = row

    def events(organization: str) -> list[Row]:
        return [event for event in store.events if event["organization_id"] == organization]

    return Backend(store, lambda table, pk, sk: store.rows.get((table, pk, sk)), write, events)


def _dynamo(emulator: str, url: str, attempts: int = ATTEMPTS) -> Backend:
    client = boto3.client("dynamodb", endpoint_url=emulator)
    tables = bind({table: f"contract-{table}" for table in TABLES}, host=url, attempts=attempts)

    def read(table: str, pk: str, sk: str) -> Row | None:
        answer = client.get_item(TableName=f"contract-{table}", Key=encode({"pk": pk, "sk": sk})["M"])
        return decode_map(answer["Item"]) if "Item" in answer else None

    def write(table: str, row: Row) -> None:
        client.put_item(TableName=f"contract-{table}", Item=encode(row)["M"])

    def events(organization: str) -> list[Row]:
        pages = client.get_paginator("scan").paginate(TableName="contract-core")
        rows = (decode_map(item) for page in pages for item in page["Items"])
        return [row["data"] for row in rows if row["pk"].startswith(f"{organization}#event#")]

    return Backend(DynamoStore(tables, pause=lambda _: None), read, write, events)


def _description(name: str) -> dict[str, Any]:
    attributes = {"pk", "sk"} | {attribute for pair in INDEXES.values() for attribute in pair}
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _schema(*pair),
                "Projection": {"ProjectionType": "KEYS_ONLY" if index == "pending" else "ALL"},
            }
            for index, pair in INDEXES.items()
        ],
    }


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@contextmanager
def _running(module: str, options: list[str], health: str, log: Path, **environment: str) -> Iterator[None]:
    """A background process until the block ends; it is ready when its health address answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options], env=os.environ | environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(health):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{module} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except OSError:
        return False
