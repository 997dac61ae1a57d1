"""Those who sign in, what they sign in with, and who may become a member.

Rows of PEOPLE belong to no organization: who proves an address may be a member of several, or of none yet.
"""

import hashlib
import hmac
from base64 import b32encode
from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.kernel.keys import GLOBAL
from moref.ports import PlatformKeys
from moref.records import Entity, Point
from moref.tenants.model import Member, Role

Language = Literal["en", "es"]

# Look-ups of GLOBAL by person_id; each target is "<organization>/<id>".
MEMBERSHIPS = "memberships"
INVITATIONS = "invitations"


class Person(Entity):
    """Who has proved an e-mail address. The id is derived from the address: another address is another person."""

    noun: ClassVar[str] = "person"

    email: str
    signed_out_at: AwareDatetime | None = None  # everywhere: what was signed in until then has ended


class Challenge(Entity):
    """The one-time code of an address, the newest alone; of the code itself nothing is stored. See codes.py.

    It is there for every address that was asked about, known or not, and counts what was asked and guessed of it.
    """

    noun: ClassVar[str] = "challenge"

    email: str
    language: Language = "en"
    nonce: str = ""  # what the code is made from, together with a key of the platform
    status: Literal["none", "open", "used", "burnt"] = "none"
    valid_until: AwareDatetime | None = None
    wrong: int = 0  # guesses at this code
    asked_at: list[AwareDatetime] = Field(default_factory=list)  # see limits.py
    failed_at: list[AwareDatetime] = Field(default_factory=list)


class Tally(Entity):
    """What came from one network address (of PEOPLE; the id is a keyed hash), or was done for one organization."""

    noun: ClassVar[str] = "tally"

    asked_at: list[AwareDatetime] = Field(default_factory=list)
    failed_at: list[AwareDatetime] = Field(default_factory=list)


class Session(Entity):
    """One sign-in and what it was renewed into. A refresh token is "<id>.<family>.<turn>"; digests of both stand here.

    A family that comes with another turn than the present one was copied: the session ends.
    """

    noun: ClassVar[str] = "session"

    person_id: str
    family_digest: str
    turn_digest: str
    previous_digest: str | None = None
    renewed_at: AwareDatetime
    signed_in_at: AwareDatetime
    how: Literal["code", "google"]
    valid_until: AwareDatetime
    status: Literal["active", "ended", "reused"] = "active"
    for_organization: str | None = None  # whose tokens it gets, unless another is asked for

    def parent(self) -> str:
        return self.person_id


class GoogleClient(Entity):
    """How Google knows the platform, set by an operator. Without it nobody signs in with Google. id is "google"."""

    noun: ClassVar[str] = "google_client"

    client_id: str
    secret_ciphertext: str  # KMS, base64; context (PEOPLE, "google")
    redirect_uris: list[str]  # where browsers may come back to, as registered at Google


class GoogleAttempt(Entity):
    """A sign-in with Google that was begun; the id holds a digest of its state."""

    noun: ClassVar[str] = "google_attempt"

    ticket_digest: str
    nonce: str
    redirect_uri: str
    valid_until: AwareDatetime
    status: Literal["open", "used"] = "open"


class GoogleIdentity(Entity):
    """Whom a Google account belongs to; the id is a keyed hash of its subject, which outlives every address."""

    noun: ClassVar[str] = "google_identity"

    person_id: str


class Invitation(Entity):
    """An e-mail address that may become a member; the id is derived from organization and address."""

    noun: ClassVar[str] = "invitation"

    email: str
    name: str
    role: Role
    location_ids: list[str] | None = None
    language: Language = "en"
    status: Literal["open", "accepted", "withdrawn"] = "open"
    expires_at: AwareDatetime
    invited_by: str  # member
    turn: int = 1  # of its e-mail


class ApiKey(Entity):
    """A program's access to one organization. Of the key itself only a digest is kept: KeyDoor's id."""

    noun: ClassVar[str] = "api_key"

    name: str
    prefix: str  # enough to recognise it by
    scopes: list[str]  # "<tag>:read" or "<tag>:write", which reads too
    location_ids: list[str] | None = None
    expires_at: AwareDatetime | None = None
    status: Literal["active", "revoked"] = "active"
    made_by: str  # member
    last_used_on: date | None = None  # a day, noted at the first call of it


class KeyDoor(Entity):
    """What an API key leads to. organization_id is GLOBAL, the id is the key's digest."""

    noun: ClassVar[str] = "key_door"

    owner_id: str
    key_id: str


def person_id(keys: PlatformKeys, email: str) -> str:
    """The keyed hash of an address as `people.email` writes it: it may stand where the address may not."""
    return keyed(keys, "per", email)


def keyed(keys: PlatformKeys, prefix: str, text: str) -> str:
    """An id that only the platform can tell from the text."""
    digest = hmac.new(keys.derive("person"), f"{prefix}\n{text}".encode(), hashlib.sha256).digest()
    return f"{prefix}_{b32encode(digest)[:26].decode()}"


def membership(keys: PlatformKeys, member: Member) -> Point:
    """Belongs into the commit that makes a member: by it they are found when they sign in."""
    return Point(GLOBAL, MEMBERSHIPS, person_id(keys, member.email), f"{member.organization_id}/{member.id}")
