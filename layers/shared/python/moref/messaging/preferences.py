"""The person's own page /u/{token}: its token, and what it does."""

import hashlib
import hmac
from base64 import b32encode

from moref.campaigns.model import PageToken
from moref.kernel.keys import GLOBAL
from moref.records import create_once
from moref.runtime import Runtime


def preferences_url(runtime: Runtime, organization_id: str, contact_id: str) -> str:
    """The same for a contact for ever: the token is a keyed hash, which nobody guesses and nothing need remember."""
    material = f"{organization_id}\n{contact_id}".encode()
    digest = hmac.new(runtime.keys.derive("preferences-token"), material, hashlib.sha256).digest()
    token = b32encode(digest)[:24].decode().lower()
    now = runtime.clock.now()
    if runtime.store.find(PageToken, GLOBAL, token) is None:
        create_once(
            runtime.store,
            PageToken(
                organization_id=GLOBAL, id=token, created_at=now, updated_at=now,
                owner_id=organization_id, page="preferences", subject_id=contact_id,
            ),
        )  # fmt: skip
    return f"{runtime.settings.base_url}/u/{token}"
