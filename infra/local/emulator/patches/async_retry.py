"""Asynchronous invocations are retried promptly.

AWS waits a minute, then two, before it repeats a failed asynchronous invocation. Those waits are real
seconds in ministack and would run on while the clock is moved; here the retries come at once, so that they
belong to the moment that caused them.
"""

from __future__ import annotations

from ministack.services import lambda_svc


def install() -> None:
    lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS = 0.02
    lambda_svc._LAMBDA_ASYNC_RETRY_MAX_SECONDS = 0.04
