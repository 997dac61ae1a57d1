"""What every provider's conversation over HTTP comes to: an answer, or one of the kinds of failure."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from moref.kernel.errors import Conflict, NeedsPerson, NotFound, OutcomeUnknown, Retry

if TYPE_CHECKING:
    import requests

TIMEOUT = (3, 10)  # seconds to connect, to read
_REFUSALS = {401: "credentials", 402: "insufficient_funds", 403: "credentials", 429: "rate_limited"}


def call(
    method: str,
    url: str,
    headers: dict[str, str],
    *,
    data: bytes | None = None,
    params: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON object of a 200 or 201, its decimals as Decimal. Raises as rewards.ports.Provider says, and NotFound
    for a 404 to a GET, Conflict for a 409 to a POST."""
    import requests

    try:
        # A connection of its own for every call: on a kept-alive one a dead socket looks like a lost answer.
        response = requests.request(
            method, url, data=data, params=params, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException as error:
        raise (Retry("unreachable") if _never_sent(error) else OutcomeUnknown(type(error).__name__)) from None
    return _reply(response, method)


def _reply(response: "requests.Response", method: str) -> dict[str, Any]:
    status = response.status_code
    if status in (200, 201):
        try:
            found = json.loads(response.content or b"{}", parse_float=Decimal)  # some acts are answered by nothing
        except ValueError:
            raise OutcomeUnknown("an answer that cannot be read") from None
        if not isinstance(found, dict):
            raise OutcomeUnknown("an answer that cannot be read")
        return found
    if status in _REFUSALS:
        after = response.headers.get("Retry-After", "")
        raise Retry(_REFUSALS[status], seconds=int(after) if after.isdigit() and len(after) < 6 else None)
    if status == 404 and method == "GET":
        raise NotFound("not there")
    if status == 409 and method == "POST":
        raise Conflict("the id is taken")
    if 400 <= status < 500 and status != 408:
        raise NeedsPerson(f"{status} {_message(response)}".strip())
    raise OutcomeUnknown(f"http {status}")


def _message(response: "requests.Response") -> str:
    try:
        return str(json.loads(response.content)["errors"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""


def _never_sent(error: "requests.RequestException") -> bool:
    """True only when no connection was made; what broke later may have arrived."""
    import requests
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

    if isinstance(error, requests.ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError | NameResolutionError)
