"""How many e-mails a second SES takes from this account now."""

from decimal import Decimal

from moref.aws.clients import client
from moref.kernel.cache import Cache

SECONDS = 900  # AWS raises the rate of a good sender by itself; nobody need redeploy for it
_told = Cache(seconds=SECONDS, size=1)


def send_rate(now: float) -> Decimal | None:
    """`now` is Unix time. None while SES has never told it; what it told last counts while it does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    found, rate = _told.get("rate", now)
    if not found:
        try:
            rate = Decimal(str(client("sesv2").get_account()["SendQuota"]["MaxSendRate"]))
        except (BotoCoreError, ClientError, KeyError):
            rate = _told.stale("rate")[1]
        _told.put("rate", rate, now)
    known: Decimal | None = rate
    return known
