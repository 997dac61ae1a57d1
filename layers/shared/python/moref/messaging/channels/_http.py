"""One HTTP call that is never repeated by itself, and what may be done after it failed."""

from collections.abc import Callable

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from moref.kernel.errors import OutcomeUnknown, Retry


def once(vendor: str, call: Callable[[], requests.Response]) -> requests.Response:
    """Raises Retry when no connection came about, OutcomeUnknown when one did and no answer came of it."""
    try:
        return call()
    except requests.ConnectTimeout:
        raise Retry(f"{vendor} could not be reached", seconds=30) from None
    except requests.ConnectionError as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NewConnectionError | ConnectTimeoutError):
            raise Retry(f"{vendor} could not be reached", seconds=30) from None
        raise OutcomeUnknown(f"the connection to {vendor} broke") from None
    except requests.RequestException:
        raise OutcomeUnknown(f"the answer of {vendor} was lost") from None
