"""A secret that a CRM sends back in a header of its webhooks: only its digest is stored here."""

from hashlib import sha256

DIGEST = "sha256:"


def digest(secret: str) -> str:
    """What stands in place of a sealed secret. A plain hash is enough: the secret is random, no password."""
    return DIGEST + sha256(secret.encode()).hexdigest()
