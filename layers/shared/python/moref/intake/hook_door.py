"""What every webhook door does: find the hook by its token, verify over the raw bytes, store the event once, say 202.

Standard library only at import. Nothing is parsed here, and nothing is asked of anybody but the tables (and KMS, once
an environment and secret). An answer of 2xx means that the row stands; when storage does not answer it is 503 and the
sender's own retry brings the event again.
"""

import json
from base64 import b64decode
from hashlib import sha256

from moref.intake import inbox_row
from moref.kernel import keys, plugins
from moref.kernel.cache import Cache
from moref.kernel.clock import iso_at
from moref.kernel.errors import BadInput, Conflict, Failure, Malformed, MorefError, NotFound, Unauthenticated
from moref.kernel.webhook import MAX_BODY, from_event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

    from moref.aws.light import Light
    from moref.kernel.webhook import Request

HOOK_SECONDS = 60  # how long a stopped hook may still be let in, and an unknown token kept out
LOOK_SECONDS = 5  # between two looks for a rotated secret
HOOKS_KEPT = 1000
DIGEST = "sha256:"
PLATFORM = "platform"  # in place of an organization: what the platform is told of itself
PUBLIC = "public:"  # what signatures are checked with and is no secret: JSON, not sealed
RETRY_AFTER = "5"
_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class Sender:
    """Who posts here: the adapter's package and name, the hook's source, and what its secret is sealed for.

    `largest` is in bytes; `standing` is the hook of the platform's own account, which stands in no table: its token and
    the fields of tenants.model.Hook that a door reads. Whose event it is stands in what was signed (adapter.owner).
    """

    __slots__ = ("largest", "name", "package", "purpose", "source", "standing")

    def __init__(
        self,
        name: str,
        package: str,
        source: str,
        purpose: str,
        *,
        largest: int = MAX_BODY,
        standing: "tuple[str, dict[str, Any]] | None" = None,
    ) -> None:
        self.name = name
        self.package = package
        self.source = source
        self.purpose = purpose
        self.largest = largest
        self.standing = standing


class HookDoor:
    """One per environment. `clock` gives Unix time."""

    def __init__(
        self, aws: "Light", core_table: str, traffic_table: str, clock: "Callable[[], float]", base_url: str = ""
    ) -> None:
        self._aws = aws
        self._core = core_table
        self._traffic = traffic_table
        self._clock = clock
        self._base_url = base_url
        self._hooks = Cache(seconds=HOOK_SECONDS, size=HOOKS_KEPT)
        self._looked = Cache(seconds=LOOK_SECONDS, size=HOOKS_KEPT)
        self._secrets = Cache(seconds=float("inf"), size=HOOKS_KEPT)

    def receive(self, event: "dict[str, Any]", sender: Sender, token: str) -> "tuple[dict[str, Any], dict[str, str]]":
        """The HTTP answer, and what to log of it; `outcome` is always told."""
        told: dict[str, str] = {}
        try:
            request = from_event(event, self._base_url, sender.largest)
            hook = self._hook(sender, token)
            # Not before: until the hook is found, a stranger chose every word of it.
            told |= {"source": sender.source, "organization": hook["owner_id"], "connection": hook["connection_id"]}
            adapter = plugins.load(sender.package, sender.name)
            id, told["outcome"] = self._accept_or_look_again(request, hook, sender, adapter, token)
            told["inbox"] = id
        except Failure as error:
            # Whatever is wrong with storage or keys, the event is not stored, so the sender must keep it.
            return _refused(503, "unavailable", told, error)
        except MorefError as error:
            return _refused(error.status, error.code, told, error)
        status, kind, body = getattr(adapter, "ANSWER", None) or (202, "application/json", json.dumps({"id": id}))
        return {"statusCode": status, "headers": {"content-type": kind}, "body": body}, told

    def _hook(self, sender: Sender, token: str) -> "dict[str, Any]":
        if not 8 <= len(token) <= 128 or not _TOKEN.issuperset(token):
            raise NotFound
        if sender.standing is not None and sender.standing[0] == token:
            return sender.standing[1]
        now = self._clock()
        known, hook = self._hooks.get(token, now)
        if not known:
            row = self._aws.get(self._core, keys.row_key(keys.GLOBAL, "hook", token))
            hook = None if row is None else row["data"]
            self._hooks.put(token, hook, now)
        if hook is None or hook["status"] != "active" or hook["source"] != sender.source:
            raise NotFound
        found: dict[str, Any] = hook
        return found

    def _accept_or_look_again(
        self, request: "Request", hook: "dict[str, Any]", sender: Sender, adapter: "ModuleType", token: str
    ) -> tuple[str, str]:
        """A secret may have been rotated since the hook was remembered. Strangers cause one read in some seconds."""
        try:
            return self._accept(request, hook, sender, adapter)
        except Unauthenticated as error:
            now = self._clock()
            if self._looked.get(token, now)[0]:
                raise
            self._looked.put(token, None, now)
            self._hooks.put(token, None, 0.0)  # too old to be used
            fresh = self._hook(sender, token)
            if fresh["secret_ciphertexts"] == hook["secret_ciphertexts"]:
                self._note_refusal(fresh, sender, error, now)
                raise
        return self._accept(request, fresh, sender, adapter)

    def _note_refusal(self, hook: "dict[str, Any]", sender: Sender, error: Unauthenticated, now: float) -> None:
        """For whoever sets the CRM up. Nobody waits for it, and nothing depends on it."""
        if sender.standing is not None:
            return
        row = inbox_row.refusal(
            organization=hook["owner_id"], connection_id=hook["connection_id"], reason=error.detail, now=now
        )
        try:
            self._aws.put(self._traffic, row)
        except (Conflict, Failure):
            return  # one of this hour stands already, or storage is busy with what counts

    def _accept(
        self, request: "Request", hook: "dict[str, Any]", sender: Sender, adapter: "ModuleType"
    ) -> tuple[str, str]:
        now = self._clock()
        adapter.verify(request, self._keys(hook, sender, adapter, now), now)
        row = inbox_row.build(
            organization=_owner(adapter, request) if sender.standing else hook["owner_id"],
            source=sender.source,
            connection_id=hook["connection_id"],
            event_id=_event_id(adapter, request),
            headers={name: request.headers[name] for name in adapter.KEEP_HEADERS if name in request.headers},
            body=inbox_row.pack(request.body),
            now=now,
        )
        id: str = row["pk"].rpartition("#")[2]
        try:
            self._aws.put(self._traffic, row)
        except Conflict:
            return id, "duplicate"  # also our own row, when the first answer was lost
        return id, "stored"

    def _keys(self, hook: "dict[str, Any]", sender: Sender, adapter: "ModuleType", now: float) -> list[bytes]:
        """The signing secrets in force, newest first; an empty one is none. Raises Unauthenticated without any."""
        sealed = hook["secret_ciphertexts"]
        until = hook.get("previous_until")
        if until is not None and iso_at(now) >= until:
            sealed = sealed[:1]
        found = [self._open(hook["owner_id"], sender, adapter, ciphertext, now) for ciphertext in sealed]
        usable = [secret for secret in found if secret]
        if not usable:
            raise Unauthenticated("the hook has no signing secret")
        return usable

    def _open(self, organization: str, sender: Sender, adapter: "ModuleType", ciphertext: str, now: float) -> bytes:
        if ciphertext.startswith(DIGEST):  # a secret that comes as a header is kept as its digest only
            return ciphertext.encode()
        if ciphertext.startswith(PUBLIC):
            return bytes(adapter.webhook_secret(json.loads(ciphertext.removeprefix(PUBLIC))))
        known, secret = self._secrets.get((organization, ciphertext), now)
        if not known:
            context = {"organization": organization, "purpose": sender.purpose}
            secret = b64decode(self._aws.decrypt(ciphertext, context))
            pick = getattr(adapter, "webhook_secret", None)
            if pick is not None:
                secret = pick(json.loads(secret))
            self._secrets.put((organization, ciphertext), secret, now)
        return bytes(secret)


def _event_id(adapter: "ModuleType", request: "Request") -> str:
    """A signed body that nobody can read is stored as well, for people to look at; its bytes are all that names it."""
    try:
        return str(adapter.event_id(request))
    except (BadInput, Malformed):
        return f"unreadable-{sha256(request.body).hexdigest()}"


def _owner(adapter: "ModuleType", request: "Request") -> str:
    """The organization that the verified event names, else the platform itself."""
    named: str | None = adapter.owner(request)
    return named if named and len(named) <= 64 and _TOKEN.issuperset(named) else PLATFORM


def _refused(
    status: int, code: str, told: "dict[str, str]", error: MorefError
) -> "tuple[dict[str, Any], dict[str, str]]":
    headers: Mapping[str, str] = {"content-type": "application/problem+json"}
    if status == 503:
        headers = {**headers, "retry-after": RETRY_AFTER}
        told["reason"] = error.detail  # of our own making: which service did not answer, and how
    body = json.dumps({"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code})
    return {"statusCode": status, "headers": headers, "body": body}, {**told, "outcome": code}
