"""Pictures over real HTTP on the embedded AWS: a logo from a form to a public address, QR codes as files."""

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import PATIENCE, Driver
from tests.qr_reader import text_of

pytestmark = pytest.mark.cloud


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def test_a_logo_goes_from_a_form_to_a_public_address(driver: Driver) -> None:
    from moref import qr

    path, picture = f"/locations/{driver.outputs['location_id']}", qr.png("https://example.com/")  # any PNG will do
    offer = driver.api("POST", f"{path}/logo", json={"content_type": "image/png"}).json()
    posted = requests.post(
        offer["url"], data=offer["fields"], files={"file": ("logo.png", picture, "image/png")}, timeout=PATIENCE
    )
    assert posted.status_code in (200, 201, 204), posted.text
    version = driver.api("GET", path).json()["version"]
    body = {"upload_id": offer["upload_id"], "version": version}
    confirmed = driver.api("POST", f"{path}/logo/confirm", json=body)
    assert confirmed.status_code == 200, confirmed.text
    url = confirmed.json()["branding"]["logo_url"]
    shown = driver.open(url)
    assert (shown.status_code, shown.headers["content-type"], shown.content) == (200, "image/png", picture)
    assert driver.open(url, **{"if-none-match": shown.headers["etag"]}).status_code == 304
    assert driver.api("DELETE", f"{path}/logo").status_code == 200
    assert driver.open(url).status_code == 404


def test_a_crew_members_qr_code_is_a_picture_of_a_link_that_leads_on(driver: Driver) -> None:
    body = {"location_id": driver.outputs["location_id"], "name": "Cara"}
    crew = driver.api("POST", "/crew-members", json=body).json()
    png = driver.api("GET", f"/crew-members/{crew['id']}/qr.png")
    assert png.headers["content-type"] == "image/png"
    assert text_of(png.content) == crew["url"]
    svg = driver.api("GET", f"/crew-members/{crew['id']}/qr.svg")
    assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
    assert "<svg" in svg.text
    opened = driver.open(text_of(png.content), **{"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    assert (opened.status_code, opened.headers["location"].rpartition("/")[2]) == (302, crew["code"])
