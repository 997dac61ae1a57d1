"""Nothing of a person and no secret reaches a log line."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from pydantic import BaseModel, ValidationError

from moref.aws.log import _Formatter, failure, redact
from moref.kernel import ids
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from tests.fakes.runtime import START


@pytest.mark.parametrize(
    "secret",
    [
        "+15125550123", "(512) 555-0123", "512-555-0123", "512.555.0123", "5125550123", "1 512 555 0123",
        "+442071234567", "ann@example.com", "Ann.Lee+x@mail.example.co.uk",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sk_live_abcdefghijklmnop", "Bearer abcdefgh.ijklm",
        "Basic QUNhYmM6dG9rZW4=", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "TEST_abcdefghij",
    ],
)  # fmt: skip
def test_personal_data_and_secrets_are_blacked_out(secret: str) -> None:
    for text in (secret, f"call {secret} now", f"({secret})", f'"{secret}",', f"to={secret};"):
        assert secret not in redact(text), text


@pytest.mark.parametrize(
    "text",
    [
        iso(START), "2026-06-02 15:00:00,123+0000", "job_01M8PQS7SRJN692ZQ01KE9FYQQ", "moref-local-core",
        "arn:aws:sqs:us-east-1:123456789012:moref-dev-inbox", "HTTP 429 after 3 tries", "2500 USD", "7K3M-9QX2-WDT",
        ids.derived("msg", "x"), "af57f9f0-5b5e-4c9e-9a3c-1f2e3d4c5b6a",
    ],
)  # fmt: skip
def test_ids_and_times_stay_readable(text: str) -> None:
    assert redact(text) == text


def line(message: str, **extra: Any) -> dict[str, Any]:
    stream = io.StringIO()
    logger = Logger(service="test", stream=stream, logger_formatter=_Formatter(use_rfc3339=True, utc=True))
    logger.info(message, extra=extra)
    found: dict[str, Any] = json.loads(stream.getvalue())
    return found


def test_a_whole_line_is_scrubbed_however_deep() -> None:
    found = line("from ann@example.com", to=["+15125550123", {"also": "bob@example.com"}], organization_id="org_1")
    assert found["message"] == "from [email]"
    assert found["to"] == ["[phone]", {"also": "[email]"}]
    assert found["organization_id"] == "org_1"
    assert datetime.fromisoformat(found["timestamp"]).utcoffset() == timedelta()


def raised(error: Exception) -> dict[str, Any]:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001  any kind is given
        return failure(caught)


def test_a_failure_tells_kind_code_and_place() -> None:
    found = raised(BadInput("phone 512-555-0123 is odd"))
    assert found["error"] == "BadInput"
    assert found["code"] == "bad_input"
    assert found["text"] == "phone [phone] is odd"
    assert found["where"][-1].endswith(" raised")


def test_a_validation_error_does_not_quote_what_it_was_given() -> None:
    class Form(BaseModel):
        score: int

    try:
        Form.model_validate({"score": "Ann Lee, 12 Elm Street"})
    except ValidationError as error:
        found = failure(error)
    assert found["fields"] == ["score: int_parsing"]
    assert "Elm" not in json.dumps(found)
