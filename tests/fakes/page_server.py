"""The pages function as an HTTP server on loopback, over a runtime of fakes: no cloud needed."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moref.pages.dispatch import answer
from moref.runtime import Runtime


def event(
    method: str, path: str, *, query: str = "", body: bytes = b"", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """An HTTP API event, payload 2.0, with its body in base64 as API Gateway may send it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/x-www-form-urlencoded"} | (headers or {}),
        "requestContext": {"http": {"method": method}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def serving(runtime: Runtime) -> AbstractContextManager[str]:
    """The pages function alone, over `runtime`."""
    return serving_function(lambda event: answer(runtime, event))


@contextmanager
def serving_function(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[str]:
    """The base URL; one request at a time, as the fakes expect it."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                made = function(event(self.command, path, query=query, body=body, headers=headers))
            data = base64.b64decode(made["body"]) if made.get("isBase64Encoded") else made["body"].encode()
            self.send_response(made["statusCode"])
            for name, value in made["headers"].items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_HEAD = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
