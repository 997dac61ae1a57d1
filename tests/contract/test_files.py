"""Files of organizations: the bucket of the embedded AWS and the fake answer alike; forms and links keep their word."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from moref.aws.clients import client
from moref.aws.files import S3Files
from moref.ports import FileInfo, Files
from tests.fakes.files import FakeFiles

BUCKET = "contract-files"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def bucket(emulator: str) -> Iterator[S3Files]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator)
        client.cache_clear()
        client("s3").create_bucket(Bucket=BUCKET)
        yield S3Files(BUCKET)
        client.cache_clear()


@pytest.fixture(params=["fake", pytest.param("bucket", marks=pytest.mark.cloud)])
def files(request: pytest.FixtureRequest) -> Files:
    found: Files = FakeFiles() if request.param == "fake" else request.getfixturevalue("bucket")
    return found


def test_what_is_put_is_there_until_it_is_deleted(files: Files) -> None:
    key = "org_A/exports/exp_1/jobs.csv"
    assert (files.get(key), files.head(key)) == (None, None)
    files.put(key, b"one", content_type="text/csv")
    files.put(key, b"three", content_type="text/csv")
    assert files.get(key) == b"three"
    assert files.head(key) == FileInfo(5, "text/csv")
    files.delete([key, "org_A/exports/exp_1/never.csv"])
    assert files.get(key) is None


def test_keys_are_listed_within_one_organization(files: Files) -> None:
    for key in ("org_B/logos/b.png", "org_B/exports/2.csv", "org_BB/logos/x.png", "org_B/exports/1.csv"):
        files.put(key, b"x", content_type="text/plain")
    assert files.keys("org_B/") == ["org_B/exports/1.csv", "org_B/exports/2.csv", "org_B/logos/b.png"]
    assert files.keys("org_B/exports/") == ["org_B/exports/1.csv", "org_B/exports/2.csv"]
    files.delete(files.keys("org_B/"))
    assert files.keys("org_B/") == []
    assert files.keys("org_BB/") == ["org_BB/logos/x.png"]


NO_KEYS = (
    "",
    "org_A",
    "org_A/",
    "org_A/logos/",
    "/org_A/logos/a",
    "org_A/logos/../../org_B/x",
    "x/logos/a",
    "org_A/a b/c",
)


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_key_outside_an_organization_is_refused(files: Files, key: str) -> None:
    with pytest.raises(ValueError, match="organization"):
        files.put(key, b"x", content_type="text/plain")
    with pytest.raises(ValueError, match="organization"):
        files.delete([key])


@pytest.mark.parametrize("prefix", ["", "org_", "org_A", "org_A/../org_B/", "x/"])
def test_a_prefix_that_could_mean_several_organizations_is_refused(files: Files, prefix: str) -> None:
    with pytest.raises(ValueError, match="organization"):
        files.keys(prefix)


@pytest.mark.cloud
def test_a_form_puts_its_one_file_and_a_link_brings_it_for_saving(bucket: S3Files) -> None:
    key = "org_C/imports/imp_1.csv"
    form = bucket.upload_form(key, content_type="text/csv", max_bytes=10, lifetime=HOUR)
    sent = requests.post(form.url, data=dict(form.fields), files={"file": ("a.csv", b"a;b")}, timeout=10)
    assert sent.ok, sent.text
    assert bucket.get(key) == b"a;b"
    link = bucket.download_link(key, filename='my "list".csv', lifetime=HOUR)
    got = requests.get(link, timeout=10)
    assert got.content == b"a;b"
    assert got.headers["content-disposition"] == 'attachment; filename="my list.csv"'


@pytest.mark.cloud
def test_a_form_says_how_large_a_file_and_of_what_type(bucket: S3Files) -> None:
    """The policy that S3 checks is signed into the form: the embedded AWS does not enforce it, so it is read here."""
    import base64
    import json

    form = bucket.upload_form("org_C/logos/loc_1", content_type="image/png", max_bytes=2048, lifetime=HOUR)
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert ["content-length-range", 1, 2048] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert {"key": "org_C/logos/loc_1"} in policy["conditions"]
