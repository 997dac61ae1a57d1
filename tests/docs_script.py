"""The getting-started script as a program reads it from the docs page, and does what it says."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Answer = tuple[int, Any]
Send = Callable[[str, str, dict[str, str], bytes], Answer]  # method, address, headers, body


@dataclass
class Step:
    method: str = ""
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 0
    keeps: dict[str, str] = field(default_factory=dict)
    until: tuple[str, str] | None = None


def steps_of(page: str) -> list[Step]:
    reader = _Reader()
    reader.feed(page)
    return reader.steps


def placeholders(step: Step) -> set[str]:
    text = "\n".join([step.address, *step.headers.values(), step.body])
    return set(re.findall(r"\{([a-z_]+)\}", text))


def at(value: Any, path: str) -> Any:
    """`items.0.status` of an answer; None where nothing is there."""
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def perform(step: Step, known: dict[str, str], send: Send) -> Answer:
    """Sends it with what is known by now, and keeps what it says to keep."""

    def filled(text: str) -> str:
        for name in placeholders(step) & known.keys():
            text = text.replace(f"{{{name}}}", known[name])
        return text

    body = filled(step.body)
    if "signature" in placeholders(step):
        key = base64.b64decode(known["secret"].removeprefix("whsec_"))
        signed = f"{known['id']}.{known['unix_time']}.{body}".encode()
        known["signature"] = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    headers = {name: filled(value) for name, value in step.headers.items()}
    status, answer = send(step.method, filled(step.address), headers, body.encode())
    for name, path in step.keeps.items():
        known[name] = str(at(answer, path))
    return status, answer


class _Reader(HTMLParser):
    """Collects the steps from the attributes and texts of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._text: str | None = None
        self._keep: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "pre" and "data-request" in said:
            self.steps.append(Step())
            self._text = ""
        elif "data-keep" in said:
            self._keep, self._text = said["data-keep"], ""
        elif "data-status" in said:
            self.steps[-1].status = int(said["data-status"])
        elif "data-until" in said:
            self.steps[-1].until = (said["data-until"], "")
        elif "data-value" in said and (until := self.steps[-1].until) is not None:
            self.steps[-1].until = (until[0], said["data-value"])

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre" and self._text is not None:
            self._request(self.steps[-1], self._text)
        elif tag == "code" and self._keep is not None and self._text is not None:
            self.steps[-1].keeps[self._keep] = self._text
        else:
            return
        self._text = self._keep = None

    @staticmethod
    def _request(step: Step, text: str) -> None:
        head, _, step.body = text.partition("\n\n")
        first, *lines = head.split("\n")
        step.method, _, step.address = first.partition(" ")
        step.headers = dict(line.split(": ", 1) for line in lines)
