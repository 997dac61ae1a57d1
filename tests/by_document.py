"""The API held to its own OpenAPI document: calls made of its schemas, right and wrong ones, and answers checked.

No 5xx, no status, content type or header that the document does not name, no body that its schema refuses.
"""

from collections.abc import Callable, Iterator
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import just
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
AnyCase = Case[Any]
BASE = "http://api.example.test"  # what `send` puts another address in place of
Send = Callable[[requests.PreparedRequest], schemathesis.Response]


def breaches(document: dict[str, Any], send: Send, *, examples: int) -> tuple[int, list[str]]:
    """How many calls were made, `examples` of each operation and kind, and what of their answers breaks the document.

    The same document brings the same calls.
    """
    made, found = 0, list[str]()
    chosen = settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for label, cases in _cases(document):
        told: dict[int, str] = {}  # of each status the first breach

        def check(case: AnyCase, told: dict[int, str]) -> None:
            nonlocal made
            made += 1
            answer = send(_prepared(case))
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as wrong:
                words = "; ".join(str(one).replace("\n", " ")[:300] for one in wrong.exceptions)
                told.setdefault(answer.status_code, words)

        chosen(given(case=cases, told=just(told))(check))()
        found += [f"{label}: {status}: {words}" for status, words in told.items()]
    return made, found


def _cases(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an error would mean that the document is wrong
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            yield operation.label, operation.as_strategy(generation_mode=mode)


def _prepared(case: AnyCase) -> requests.PreparedRequest:
    """Without the credentials that were made up: who calls is not what is tried here."""
    given_to = case.as_transport_kwargs(base_url=BASE)
    names = ("method", "url", "headers", "params", "json", "data", "cookies")
    request = requests.Request(**{name: given_to[name] for name in names if name in given_to}).prepare()
    request.headers.pop("Authorization", None)
    return request
