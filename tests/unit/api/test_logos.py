"""A branch's logo: uploaded by a form, checked by its bytes, public at an address that stays, the old one removed."""

import base64
from typing import Any, cast

import pytest

from moref.pages.dispatch import answer
from moref.tenants.picture import TYPES, picture_type
from tests.fakes.files import FakeFiles
from tests.fakes.page_server import event
from tests.unit.api.world import World

PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"p" * 40,
    "image/jpeg": b"\xff\xd8\xff\xe0" + b"j" * 40,
    "image/webp": b"RIFF\x30\x00\x00\x00WEBPVP8 " + b"w" * 40,
    "image/gif": b"GIF89a" + b"g" * 40,
}


class Desk:
    """Who uploads, as a browser does, and who opens the address."""

    def __init__(self, world: World, location_id: str | None = None) -> None:
        self.world, self.id = world, location_id or world.a.location_id
        self.files = cast(FakeFiles, world.runtime.files)

    def path(self) -> str:
        return f"/locations/{self.id}"

    def uploaded(self, body: bytes, kind: str = "image/png") -> str:
        offer = self.world.call("POST", f"{self.path()}/logo", {"content_type": kind})
        assert offer.status == 201, offer.text
        self.files.put(offer.json()["fields"]["key"], body, content_type=kind)
        return str(offer.json()["upload_id"])

    def confirm(self, upload_id: str, version: int | None = None) -> Any:
        version = version or self.world.call("GET", self.path()).json()["version"]
        return self.world.call("POST", f"{self.path()}/logo/confirm", {"upload_id": upload_id, "version": version})

    def logo_url(self) -> str:
        return str(self.world.call("GET", self.path()).json()["branding"]["logo_url"])

    def opened(self, url: str, **headers: str) -> dict[str, Any]:
        path, _, query = url.removeprefix("https://go.example.test").partition("?")
        return answer(self.world.runtime, event("GET", path, query=query, headers=headers))

    def shown(self) -> bytes:
        return base64.b64decode(self.opened(self.logo_url())["body"])


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.mark.parametrize("kind", TYPES)
def test_an_uploaded_picture_is_shown_to_anybody_and_caches_may_keep_it(desk: Desk, kind: str) -> None:
    changed = desk.confirm(desk.uploaded(PICTURES[kind], kind))
    assert changed.status == 200, changed.text
    found = desk.opened(desk.logo_url())
    assert (found["statusCode"], found["headers"]["content-type"]) == (200, kind)
    assert base64.b64decode(found["body"]) == PICTURES[kind]
    assert found["headers"]["cache-control"] == "public, max-age=86400"
    assert found["headers"]["x-content-type-options"] == "nosniff"
    again = desk.opened(desk.logo_url(), **{"if-none-match": found["headers"]["etag"]})
    assert (again["statusCode"], again["body"]) == (304, "")


def test_the_address_stays_and_the_old_file_goes(desk: Desk) -> None:
    desk.confirm(desk.uploaded(PICTURES["image/png"]))
    first = desk.logo_url()
    desk.confirm(desk.uploaded(PICTURES["image/jpeg"], "image/jpeg"))
    second = desk.logo_url()
    assert first.partition("?")[0] == second.partition("?")[0]
    assert first != second, "caches ask again"
    old = desk.opened(first)
    assert base64.b64decode(old["body"]) == PICTURES["image/jpeg"], "mails that were sent show the present one"
    assert [kind for _, kind in desk.files.kept.values()] == ["image/jpeg"], "old logo and uploads are removed"
    desk.confirm(desk.uploaded(PICTURES["image/jpeg"], "image/jpeg"))
    assert desk.shown() == PICTURES["image/jpeg"], "the same one again is not removed as the old one"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (SVG, "image/png"), (b"<html>", "image/gif"), (PICTURES["image/jpeg"], "image/png"), (b"\x89PNG", "image/png"),
        (b"RIFF\x00\x00\x00\x00WAVE" + b"w" * 40, "image/webp"),
        (PICTURES["image/png"] + b"x" * 512 * 1024, "image/png"),
    ],
)  # fmt: skip
def test_what_is_no_picture_of_that_type_or_is_too_large_is_refused_and_removed(
    desk: Desk, body: bytes, kind: str
) -> None:
    refused = desk.confirm(desk.uploaded(body, kind))
    assert (refused.status, refused.json()["field"]) == (422, "upload_id")
    assert desk.files.kept == {}
    assert desk.world.call("GET", desk.path()).json()["branding"]["logo_url"] is None


def test_svg_cannot_even_be_asked_for(desk: Desk) -> None:
    refused = desk.world.call("POST", f"{desk.path()}/logo", {"content_type": "image/svg+xml"})
    assert (refused.status, refused.json()["field"]) == (422, "content_type")
    assert picture_type(SVG) is None


def test_a_form_that_is_used_after_the_confirmation_changes_nothing(desk: Desk) -> None:
    upload_id = desk.uploaded(PICTURES["image/png"])
    desk.confirm(upload_id)
    (key, _, most) = desk.files.forms[-1]
    assert most == 512 * 1024
    desk.files.put(key, SVG, content_type="image/png")
    assert desk.shown() == PICTURES["image/png"]
    assert desk.confirm(upload_id).status == 422


def test_a_removed_logo_is_shown_nowhere(desk: Desk) -> None:
    desk.confirm(desk.uploaded(PICTURES["image/png"]))
    url = desk.logo_url()
    for _ in range(2):
        assert desk.world.call("DELETE", f"{desk.path()}/logo").json()["branding"]["logo_url"] is None
    assert desk.opened(url)["statusCode"] == 404
    assert desk.files.kept == {}
    desk.confirm(desk.uploaded(PICTURES["image/gif"], "image/gif"))
    assert desk.logo_url().partition("?")[0] == url.partition("?")[0]
    assert desk.shown() == PICTURES["image/gif"]


def test_an_upload_is_of_one_branch_and_an_old_version_is_refused(desk: Desk) -> None:
    upload_id = desk.uploaded(PICTURES["image/png"])
    assert desk.confirm(upload_id, version=9).status == 409
    body = {"upload_id": upload_id, "version": 1}
    theirs = desk.world.token(desk.world.b)
    path = f"/locations/{desk.world.b.location_id}/logo/confirm"
    assert desk.world.call("POST", path, body, token=theirs).status == 422
    for wrong in ("../x", "a/b", ""):
        assert desk.world.call("POST", f"{desk.path()}/logo/confirm", body | {"upload_id": wrong}).status == 422


@pytest.mark.parametrize("path", ["/logo/nothing", "/logo/" + "a" * 100, "/logo/%23", "/logo/"])
def test_an_address_that_leads_nowhere_is_a_404(desk: Desk, path: str) -> None:
    assert desk.opened(path)["statusCode"] == 404


def test_pages_show_ours_and_no_other(desk: Desk) -> None:
    crew = desk.world.call("POST", "/crew-members", {"location_id": desk.id, "name": "Cara"}).json()
    page = f"/q/{crew['code']}"
    assert "<img" not in desk.opened(page)["body"]
    desk.confirm(desk.uploaded(PICTURES["image/png"]))
    found = desk.opened(page)
    path = desk.logo_url().removeprefix("https://go.example.test")
    assert f'<img class="logo" src="{path}" alt="">' in found["body"]
    assert "img-src 'self'" in found["headers"]["content-security-policy"]
    version = desk.world.call("GET", desk.path()).json()["version"]
    other = {"logo_url": "https://cdn.example.com/logo.png"}
    desk.world.call("PATCH", desk.path(), {"version": version, "branding": other})
    assert "<img" not in desk.opened(page)["body"]
