"""A stand-in for the product's webhook doors: records what is posted to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.local.sandbox.web import Answer, Request, web_server


@dataclass
class Receiver:
    url: str = ""
    refusals: int = 0
    """How many of the next posts to refuse with 503."""
    received: list[Request] = field(default_factory=list)

    def take(self, request: Request) -> Answer:
        self.received.append(request)
        if self.refusals > 0:
            self.refusals -= 1
            return Answer(503)
        return Answer(202)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    server = web_server(0, receiver.take)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
