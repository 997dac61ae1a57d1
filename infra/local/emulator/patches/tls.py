"""With IAM enforced, a request counts as one that came over TLS.

On AWS every one does, and policies deny what does not (`enforce_ssl`). Here it is plain HTTP on loopback.
"""

from __future__ import annotations

from ministack.core import iam_evaluator


def install() -> None:
    pin = iam_evaluator.pin_request_origin

    def pin_secure(source_ip: str, secure_transport: bool) -> None:
        del secure_transport
        pin(source_ip, True)

    iam_evaluator.pin_request_origin = pin_secure
