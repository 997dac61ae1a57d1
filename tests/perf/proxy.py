"""The fault proxy in front of an embedded AWS, for as long as a block runs."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

READY_SECONDS = 30


def _ask(url: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, body)  # noqa: S310  our own proxy
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def _answers(url: str) -> bool:
    try:
        _ask(url)
    except OSError:
        return False
    return True


@contextmanager
def fault_proxy(upstream: str) -> Iterator[tuple[str, Callable[..., None]]]:
    """Its address, and a function that replaces its rules."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "microburst", "--upstream", upstream, "--port", str(port), "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not _answers(f"{url}/_microburst/health"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the fault proxy did not start")
                time.sleep(0.05)

            def rules(*found: dict[str, Any]) -> None:
                _ask(f"{url}/_microburst/rules", json.dumps(list(found)).encode())

            yield url, rules
        finally:
            process.terminate()
