"""Google's half of OpenID Connect: a code becomes an ID token, and the keys that sign ID tokens.

Endpoints are fixed, as Google's discovery document names them: a document fetched at run time could send secrets
elsewhere. In the local stage all three are at the sandbox.
"""

import json
from typing import Any

import requests

from moref.kernel.cache import Cache
from moref.kernel.errors import BadInput, Retry
from moref.runtime import Runtime

AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"
CERTS = "https://www.googleapis.com/oauth2/v3/certs"
TIMEOUT = (3.05, 6.0)  # seconds to connect, between bytes
_KEPT = 3600.0  # seconds; Google says some hours, and announces a key before it signs with it
_AGAIN = 60.0  # an unknown key makes nobody ask more often than so
_LARGEST = 64 * 1024

_keys = Cache(seconds=_KEPT, size=4)  # base -> {kid: JWK}
_asked = Cache(seconds=_AGAIN, size=4)  # base -> when an unknown kid last made us ask


def authorize_url(runtime: Runtime) -> str:
    base = _base(runtime)
    return f"{base}/o/oauth2/v2/auth" if base else AUTHORIZE


def exchange(runtime: Runtime, form: dict[str, str]) -> str:
    """The ID token for a code. Raises BadInput when Google does not know the code; Retry when it does not answer."""
    base = _base(runtime)
    answer = _answer("POST", f"{base}/token" if base else TOKEN, data=form | {"grant_type": "authorization_code"})
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise BadInput("Google does not know this code, or it was used", field="code")
    return token


def jwk(runtime: Runtime, kid: str) -> dict[str, Any] | None:
    """The public key of that name; None when Google has no such key. Raises Retry."""
    base, now = _base(runtime), runtime.clock.now().timestamp()
    keys: dict[str, dict[str, Any]]
    found, keys = _keys.get(base, now)
    if found and (kid in keys or _asked.get(base, now)[0]):
        return keys.get(kid)
    if found:
        _asked.put(base, True, now)
    try:
        answer = _answer("GET", f"{base}/oauth2/v3/certs" if base else CERTS)
    except Retry:
        found, keys = _keys.stale(base)
        if not found or kid not in keys:
            raise
        return keys[kid]
    keys = {key["kid"]: key for key in answer.get("keys", []) if isinstance(key, dict) and "kid" in key}
    _keys.put(base, keys, now)
    return keys.get(kid)


def _base(runtime: Runtime) -> str:
    """The sandbox's address; "" for Google itself."""
    return str(json.loads(runtime.settings.vendor_urls).get("google", ""))


def _answer(method: str, url: str, data: dict[str, str] | None = None) -> dict[str, Any]:
    """JSON, also of a refusal with a reason. No redirect is followed: it would take the secret with it."""
    try:
        answer = requests.request(method, url, data=data, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException:
        raise Retry("Google does not answer", seconds=5) from None
    if answer.status_code not in (200, 400, 401) or len(answer.content) > _LARGEST:
        raise Retry(f"Google answers {answer.status_code}", seconds=5)
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Retry("Google's answer cannot be read", seconds=5)
    return found
