"""A Runtime of fakes, and the small fakes themselves. Time moves only when a test moves it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moref.kernel.env import Worker
from moref.runtime import Runtime
from tests.fakes.files import FakeFiles
from tests.fakes.memory_store import MemoryStore

START = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Chicago


@dataclass
class FakeClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def move(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@dataclass
class FakeQueues:
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        self.sent.append((queue, json.loads(json.dumps(dict(message)))))


@dataclass
class FakeScheduler:
    """Schedules by name; `due(now)` takes out and returns what should have fired."""

    schedules: dict[str, tuple[datetime, str, dict[str, Any]]] = field(default_factory=dict)

    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        assert due.tzinfo is not None
        self.schedules.setdefault(name, (due, queue, json.loads(json.dumps(dict(message)))))

    def cancel(self, name: str) -> None:
        self.schedules.pop(name, None)

    def due(self, now: datetime) -> list[tuple[str, dict[str, Any]]]:
        ready = sorted((due, name) for name, (due, _, _) in self.schedules.items() if due <= now)
        return [self.schedules.pop(name)[1:] for _, name in ready]


class FakeVault:
    """Seals by writing the context beside the secret, so that opening under another one fails."""

    def seal(self, organization_id: str, purpose: str, secret: bytes) -> str:
        text = json.dumps([organization_id, purpose, secret.decode("latin-1")])
        return base64.b64encode(text.encode()).decode()

    def open(self, organization_id: str, purpose: str, ciphertext: str) -> bytes:
        organization, used, secret = json.loads(base64.b64decode(ciphertext))
        if (organization, used) != (organization_id, purpose):
            raise KeyError("sealed under another context")
        return str(secret).encode("latin-1")


class FakeKeys:
    def derive(self, purpose: str) -> bytes:
        return hmac.new(b"not a real platform key", purpose.encode(), hashlib.sha256).digest()


@dataclass
class FakeMetrics:
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, value: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + value


def settings(**over: str) -> Worker:
    values = {name: f"test-{name}" for name in Worker.fields()}
    values |= {"stage": "local", "base_url": "https://go.example.test", "mail_from": "hello@mail.example.test"}
    values |= {"vendor_urls": "{}", "token_keys": "1"} | over
    return Worker.from_env(Worker.to_env(values))


def fake_runtime(store: MemoryStore | None = None, clock: FakeClock | None = None, **over: str) -> Runtime:
    return Runtime(
        settings=settings(**over),
        store=store or MemoryStore(),
        clock=clock or FakeClock(),
        queues=FakeQueues(),
        scheduler=FakeScheduler(),
        vault=FakeVault(),
        keys=FakeKeys(),
        metrics=FakeMetrics(),
        files=FakeFiles(),
    )
