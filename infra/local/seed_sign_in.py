"""What the local cloud is given so that somebody is signed in at once, and may sign in with the sandbox of Google."""

from datetime import timedelta
from typing import Any

from infra.local.sandbox.google import CLIENT_ID, CLIENT_SECRET
from moref.records import get
from moref.runtime import Runtime
from moref.signin.connect_google import connect_google
from moref.signin.tokens import issue
from moref.tenants.model import Member

OWNER_TOKEN_LIFE = timedelta(days=3650)  # a local cloud's clock is moved by years


def google(runtime: Runtime, url: str) -> None:
    back = f"{url}/v1/docs"  # there is no screen of ours to come back to; the code stands in the browser's address bar
    connect_google(runtime, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[back])


def owner_token(runtime: Runtime, made: Any) -> str:
    """Its sign-in stays fresh for as long as it lives: nobody reads a code from a mailbox to try the API by hand."""
    owner = get(runtime.store, Member, made.organization_id, made.member_id)
    last = runtime.clock.now() + OWNER_TOKEN_LIFE
    return issue(runtime, owner, signed_in_at=last, lifetime=OWNER_TOKEN_LIFE)
