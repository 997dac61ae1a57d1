"""A branch's logo: a form to upload it with, its check and publication, and its removal.

The form reaches a place of its own, from which the checked bytes are copied: what is public was looked at, and a form
that is used again changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.ports import Upload
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Logo
from moref.tenants.picture import ENDINGS, PictureType, picture_type

MOST_BYTES = 512 * 1024  # it is 48 pixels high where it is shown
LIFETIME = timedelta(minutes=15)  # of the form


@dataclass(frozen=True, slots=True)
class Offer:
    upload_id: str
    upload: Upload
    expires_at: datetime


def logo_id(organization_id: str, location_id: str) -> str:
    """Whoever sees it learns nothing of the organization."""
    return ids.derived("logo", organization_id, location_id)


def offer_upload(runtime: Runtime, organization_id: str, location_id: str, kind: PictureType) -> Offer:
    """A form that takes one file of that type, to be confirmed. Raises NotFound."""
    get(runtime.store, Location, organization_id, location_id)
    upload_id = ids.new("upl")
    key = _waiting(organization_id, location_id) + upload_id
    form = runtime.files.upload_form(key, content_type=kind, max_bytes=MOST_BYTES, lifetime=LIFETIME)
    return Offer(upload_id, form, runtime.clock.now() + LIFETIME)


def confirm_logo(
    runtime: Runtime, organization_id: str, location_id: str, upload_id: str, *, version: int, actor: str
) -> Location:
    """The uploaded picture becomes the logo; the one before is removed.

    Raises BadInput (upload_id) on what is no picture or was not uploaded, NotFound, Conflict on an old version.
    """
    store, now = runtime.store, runtime.clock.now()
    location = _at(get(store, Location, organization_id, location_id), version)
    body, kind = _checked(runtime, _waiting(organization_id, location_id) + upload_id)
    key = f"{organization_id}/logos/{location_id}/{sha256(body).hexdigest()[:32]}.{ENDINGS[kind]}"
    runtime.files.put(key, body, content_type=kind)
    before = store.find(Logo, GLOBAL, logo_id(organization_id, location_id))
    logo, write = _published(organization_id, location_id, before, key, kind, now=now)
    url = f"{runtime.settings.base_url}/logo/{logo.id}?v={logo.number}"
    branding = location.branding.model_copy(update={"logo_url": url})
    audit = audited(now, organization_id, actor, "location.logo_changed", location_id)
    store.commit(Change(location, location.changed(now, branding=branding)), write, audit)
    old = [before.file] if before is not None and before.file not in (None, key) else []
    _forget(runtime, organization_id, location_id, [name for name in old if name])
    return get(store, Location, organization_id, location_id)


def remove_logo(runtime: Runtime, organization_id: str, location_id: str, *, actor: str) -> Location:
    """Also from mails that were sent with it. Harmless when repeated. Raises NotFound, Conflict."""
    store, now = runtime.store, runtime.clock.now()
    location = get(store, Location, organization_id, location_id)
    before = store.find(Logo, GLOBAL, logo_id(organization_id, location_id))
    if location.branding.logo_url is None and (before is None or before.file is None):
        return location
    writes: list[Write] = []
    if before is not None and before.file is not None:
        writes = [Change(before, before.changed(now, file=None))]
    branding = location.branding.model_copy(update={"logo_url": None})
    audit = audited(now, organization_id, actor, "location.logo_removed", location_id)
    store.commit(Change(location, location.changed(now, branding=branding)), *writes, audit)
    _forget(runtime, organization_id, location_id, [before.file] if before is not None and before.file else [])
    return get(store, Location, organization_id, location_id)


def copied(
    runtime: Runtime, location: Location, organization_id: str, location_id: str
) -> tuple[str | None, list[Write]]:
    """For a branch of another organization that looks the same: the address of its logo and what publishes that.

    The file is copied at once; until the commit nobody is led to it. A logo of somebody else's site stays there.
    """
    now, own = runtime.clock.now(), logo_id(location.organization_id, location.id)
    url, before = location.branding.logo_url, runtime.store.find(Logo, GLOBAL, own)
    if url is None or before is None or before.file is None or f"/logo/{own}" not in url:
        return url, []
    body = runtime.files.get(before.file)
    if body is None:
        return None, []
    kind = cast(PictureType, before.content_type)
    key = f"{organization_id}/logos/{location_id}/{before.file.rpartition('/')[2]}"
    runtime.files.put(key, body, content_type=kind)
    logo, write = _published(organization_id, location_id, None, key, kind, now=now)
    return f"{runtime.settings.base_url}/logo/{logo.id}?v={logo.number}", [write]


def _at(location: Location, version: int) -> Location:
    if location.version != version:
        raise Conflict(f"the location is at version {location.version}")
    return location


def _waiting(organization_id: str, location_id: str) -> str:
    return f"{organization_id}/logo_uploads/{location_id}/"


def _checked(runtime: Runtime, key: str) -> tuple[bytes, PictureType]:
    found = runtime.files.head(key)
    if found is None:
        raise BadInput("nothing was uploaded with that form", field="upload_id")
    body = runtime.files.get(key) if found.size <= MOST_BYTES else None
    kind = picture_type(body) if body else None
    if body is None or kind is None or kind != found.content_type:
        runtime.files.delete([key])
        raise BadInput(f"a picture of at most {MOST_BYTES // 1024} KB, of the type that was said", field="upload_id")
    return body, kind


def _published(
    organization_id: str, location_id: str, before: Logo | None, key: str, kind: PictureType, *, now: datetime
) -> tuple[Logo, Write]:
    if before is not None:
        after = before.changed(now, file=key, content_type=kind, number=before.number + 1)
        return after, Change(before, after)
    logo = Logo(
        organization_id=GLOBAL, id=logo_id(organization_id, location_id), created_at=now, updated_at=now,
        owner_id=organization_id, location_id=location_id, file=key, content_type=kind,
    )  # fmt: skip
    return logo, Create(logo)


def _forget(runtime: Runtime, organization_id: str, location_id: str, old: list[str]) -> None:
    """After the commit. A crash in between leaves a file that nobody is led to."""
    uploads = runtime.files.keys(_waiting(organization_id, location_id))
    if old or uploads:
        runtime.files.delete([*old, *uploads])
