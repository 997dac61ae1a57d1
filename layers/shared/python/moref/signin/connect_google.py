"""How Google knows the platform: set by an operator, never by a tenant."""

from moref.kernel.keys import PEOPLE
from moref.records import Change, Create
from moref.runtime import Runtime
from moref.signin.model import GoogleClient
from moref.signin.sign_in_google import CLIENT


def connect_google(runtime: Runtime, *, client_id: str, client_secret: str, redirect_uris: list[str]) -> None:
    """Again: the client before it is forgotten. Raises Conflict."""
    now, before = runtime.clock.now(), runtime.store.find(GoogleClient, PEOPLE, CLIENT)
    sealed = runtime.vault.seal(PEOPLE, CLIENT, client_secret.encode())
    fields = {"client_id": client_id, "secret_ciphertext": sealed, "redirect_uris": redirect_uris}
    first = GoogleClient(organization_id=PEOPLE, id=CLIENT, created_at=now, updated_at=now, **fields)
    runtime.store.commit(Create(first) if before is None else Change(before, before.changed(now, **fields)))
