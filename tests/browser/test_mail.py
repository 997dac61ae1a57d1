"""Every e-mail that customers get, in English and Spanish, on a very small phone, a phone and a desk, light and dark:
it fits, it is legible, axe finds nothing, its links can be hit with a thumb."""

import pytest

from moref.messaging import builtin
from tests.browser.checks import findings, fits
from tests.browser.conftest import SIZES, Eyes

pytestmark = pytest.mark.browser
WITH_MAIL = [name for name in builtin.names() if (found := builtin.find(name)) and found.wordings["en"].subject]
CUSTOMERS = [name for name in WITH_MAIL if (found := builtin.find(name)) and found.kind != "staff"]
SEEN = [
    *((name, "es", "plain") for name in CUSTOMERS),  # the longer words
    *((name, "en", "plain") for name in ("ask", "invite", "reward")),
    *(("invite", "es", look) for look in ("branded", "dark-colour", "long")),
    ("low_score", "en", "plain"),
    ("staff_task", "en", "long"),
]
# A mail is shown inside of a page, which has these; its heading is the subject.
OF_PAGES = ("landmark-one-main", "page-has-heading-one", "region")
_SMALL = """() => [...document.querySelectorAll("a")].filter(each => {
  const box = each.getBoundingClientRect();
  return each.closest(".words") === null && box.height < 24;
}).map(each => each.textContent)"""


@pytest.mark.parametrize(("name", "language", "look"), SEEN)
def test_a_mail_is_fit_to_be_seen(name: str, language: str, look: str, eyes: Eyes) -> None:
    page = eyes.open(f"/mail/{name}/{language}/{look}", scripts=True)  # axe is a script
    assert page.locator("html").get_attribute("lang") == language
    wrong: list[str] = []
    for size, scheme in (("320", "light"), ("390", "light"), ("390", "dark"), ("1280", "light"), ("1280", "dark")):
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        eyes.picture(page, f"mail-{name}-{language}-{look}-{size}-{scheme}")
        if not fits(page):
            wrong.append(f"{size} {scheme}: wider than the window")
        if size == "390" and name in ("invite", "low_score"):  # all have one layout
            wrong += [f"{size} {scheme}: {each}" for each in findings(page, without=OF_PAGES)]
        if size == "390":
            wrong += [f"{size} {scheme}: {each!r} is lower than a thumb hits" for each in page.evaluate(_SMALL)]
    assert wrong == []


def test_without_pictures_the_branch_is_named(eyes: Eyes) -> None:
    page = eyes.open("/mail/invite/en/branded")
    assert page.get_by_role("img", name="Bluebird Moving Austin").count() == 1
    assert page.get_by_text("Ana & Tom").is_visible()
