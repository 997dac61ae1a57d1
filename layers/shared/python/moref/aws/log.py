"""Structured logs without people: Powertools' Logger behind a filter that blacks out what looks like personal data.

The filter is the second line. The first is that code logs ids, enums and kinds of failure only, and that an exception
is logged by `failure`, which leaves out what a validation error would quote.
"""

import re
import traceback
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.:-])(?:\+\d{8,15}|(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4})(?![\w.:-])")
_SECRET = re.compile(
    r"(?:whsec_|sk_(?:live|test)_|Bearer |Basic |TEST_|PROD_)[\w+/=.~-]{8,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"
)
# Written by the runtime or by us from fixed words; nothing of these is blacked out by mistake.
_SAFE = {"timestamp", "level", "location", "function_request_id", "function_arn", "xray_trace_id", "service"}


def redact(text: str) -> str:
    """E-mail addresses, phone numbers and secrets replaced by what they were."""
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", _SECRET.sub("[secret]", text)))


def scrub(value: Any) -> Any:
    """The same for every text inside lists and maps."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: scrub(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(item) for item in value]
    return value


class _Formatter(LambdaPowertoolsFormatter):
    def serialize(self, log: Any) -> str:
        return super().serialize({name: item if name in _SAFE else scrub(item) for name, item in log.items()})


@cache
def logger() -> Logger:
    return Logger(service="moref", logger_formatter=_Formatter(use_rfc3339=True, utc=True))


def failure(error: BaseException) -> dict[str, Any]:
    """What a log line says of an exception: kind, code, place, redacted text (never what could quote people)."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    found: dict[str, Any] = {
        "error": type(error).__name__,
        "where": [f"{frame.filename.rpartition('/python/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
    code = getattr(error, "code", None)
    if isinstance(code, str):
        found["code"] = code
    return found | _text(error)


def _text(error: BaseException) -> dict[str, Any]:
    errors = getattr(error, "errors", None)
    if callable(errors):  # a pydantic ValidationError's own text quotes the input
        return {"fields": [".".join(map(str, each["loc"])) + ": " + each["type"] for each in errors()]}
    return {"text": redact(str(error))[:500]}
