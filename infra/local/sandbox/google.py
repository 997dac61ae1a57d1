"""Google's sign-in as the product uses it (vendors/google-oidc): consent, a code for one use with PKCE, ID tokens.

Whose account consents next is set by hand: POST /_register {"vendor": "google", "sub", "email", ...}; the rest of what
is registered goes into the ID token as it is. The consent page asks nothing and sends the browser straight back.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json

CLIENT_ID, CLIENT_SECRET = "sandbox.apps.googleusercontent.com", "not-a-real-secret"
KID = "sandbox-1"
ISSUER = "https://accounts.google.com"
_LIFE = 3600


@dataclass(frozen=True)
class _Grant:
    account: dict[str, Any]
    asked: dict[str, str]  # the query that the browser brought


class Google:
    name = "google"
    prefix = "/google"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._account: dict[str, Any] | None = None
        self._grants: dict[str, _Grant] = {}

    @cached_property
    def key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def register(self, settings: dict[str, Any]) -> None:
        """{"sub", "email", "email_verified", "hd" ...}: who consents from now on."""
        with self._lock:
            self._account = {"sub": settings["sub"]} | {name: settings[name] for name in settings if name != "vendor"}

    def authorised(self, request: Request) -> bool:
        return True  # the client's secret is part of the form

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"error": "invalid_request", "error_description": message}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        if (request.method, path) == ("GET", "/o/oauth2/v2/auth"):
            return self._consent(request.query)
        if (request.method, path) == ("POST", "/token"):
            return self._token(request.form())
        if (request.method, path) == ("GET", "/oauth2/v3/certs"):
            return as_json({"keys": [self.jwk()]})
        return self.refuse(404, f"the sandbox does not know {request.method} {path}")

    def jwk(self) -> dict[str, Any]:
        import jwt

        found: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return found | {"kid": KID, "alg": "RS256", "use": "sig"}

    def _consent(self, asked: dict[str, str]) -> Answer:
        needed = {"client_id": CLIENT_ID, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in needed.items() if asked.get(name) != value]
        wrong += [name for name in ("redirect_uri", "state", "nonce", "code_challenge") if not asked.get(name)]
        if wrong or "openid" not in asked.get("scope", "").split():
            return self.refuse(400, f"wrong or missing: {', '.join(wrong) or 'scope'}")
        code = secrets.token_urlsafe(24)
        with self._lock:
            if self._account is None:
                return self.refuse(400, "register an account at the desk first")
            self._grants[code] = _Grant(self._account, asked)
        query = urlencode({"state": asked["state"], "code": code, "scope": asked["scope"]})
        return Answer(302, headers={"location": f"{asked['redirect_uri']}?{query}"})

    def _token(self, form: dict[str, str]) -> Answer:
        with self._lock:
            grant = self._grants.pop(form.get("code", ""), None)  # for one use, right or wrong
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(verifier).rstrip(b"=").decode()
        client = (form.get("client_id"), form.get("client_secret"), form.get("grant_type"))
        if client != (CLIENT_ID, CLIENT_SECRET, "authorization_code"):
            return as_json({"error": "invalid_client"}, 401)
        if grant is None or grant.asked["code_challenge"] != challenge:
            return as_json({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        if grant.asked["redirect_uri"] != form.get("redirect_uri"):
            return as_json({"error": "redirect_uri_mismatch"}, 400)
        token = self.id_token(grant.account | {"nonce": grant.asked["nonce"]})
        return as_json({"access_token": "not-used", "expires_in": _LIFE, "token_type": "Bearer", "id_token": token})

    def id_token(self, claims: dict[str, Any]) -> str:
        import jwt

        now = int(self._now().timestamp())
        claims = {"iss": ISSUER, "aud": CLIENT_ID, "azp": CLIENT_ID, "iat": now, "exp": now + _LIFE} | claims
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KID})
