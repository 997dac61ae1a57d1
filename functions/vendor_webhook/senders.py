"""Which vendors have a door, and where their plugins are."""

import json

from moref.intake.hook_door import PLATFORM, PUBLIC, Sender
from moref.kernel.env import VendorWebhook
from moref.kernel.names import PLATFORM_HOOK
from moref.kernel.webhook import LARGEST_BODY, MAX_BODY
from moref.messaging.channels.ses import keys_at

PROVIDERS, CHANNELS = "moref.rewards.providers", "moref.messaging.channels"
PROCESSORS = "moref.billing.processors"


def senders(settings: VendorWebhook) -> dict[str, Sender]:
    """By vendor; one that is not listed has no door."""
    return {
        "tremendous": _own("tremendous", PROVIDERS),
        "twilio": _own("twilio", CHANNELS),
        "sendgrid": _own("sendgrid", CHANNELS, LARGEST_BODY),  # batches of up to 768 KB
        "stripe": _own("stripe", PROCESSORS),  # the platform's own account, whose hook stands in the table as well
        "ses": Sender("ses", CHANNELS, "ses", "", standing=(PLATFORM_HOOK, _ses(settings))),
    }


def _own(vendor: str, package: str, largest: int = MAX_BODY) -> Sender:
    """An organization's account: its hook is in the table."""
    return Sender(vendor, package, vendor, f"vendor:{vendor}", largest=largest)


def _ses(settings: VendorWebhook) -> dict[str, object]:
    """Its address is no secret: what keeps others out is the signature of the platform's own topic."""
    topic = settings.mail_topic
    known = {"topic_arn": topic, "certificates_at": keys_at(topic, settings.vendor_urls)}
    return {
        "owner_id": PLATFORM,
        "source": "ses",
        "connection_id": "ses",
        "status": "active",
        "secret_ciphertexts": [PUBLIC + json.dumps(known)],
    }
