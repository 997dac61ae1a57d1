"""AWS clients: one of each per environment, with waits that fit inside a function's own time limit."""

from functools import cache
from typing import Any

# botocore's `max_attempts` still repeats once at 1; only `total_max_attempts` counts what it says.
ATTEMPTS = 3
CONNECT_SECONDS = 2
READ_SECONDS = 5


@cache
def client(service: str, *, attempts: int = ATTEMPTS) -> Any:
    """A boto3 client; region and endpoint come from the environment. `attempts` in all: 1 never repeats a call."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        signature_version="s3v4" if service == "s3" else None,  # forms and links that S3 still takes everywhere
    )
    return boto3.client(service, config=config)


def error_code(error: BaseException | None) -> str:
    """The code of a botocore ClientError, or "" when AWS did not answer (then `response` may be there and be None)."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
