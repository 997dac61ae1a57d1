"""Debian's chromium through Playwright, on pages served in this process over fakes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.fakes.page_server import serving
from tests.fakes.referral_world import World, world

SCREENSHOTS = Path(__file__).parents[2] / ".local" / "screenshots"
SIZES = {"390": {"width": 390, "height": 844}, "1280": {"width": 1280, "height": 900}}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    # Root has no sandbox of chromium's: in a build container there is only root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def w() -> World:
    return world()


@pytest.fixture
def site(w: World) -> Iterator[str]:
    with serving(w.runtime) as url:
        yield url


class Eyes:
    """Opens pages without JavaScript, fails on anything a page asks of another address, and takes pictures."""

    def __init__(self, browser: Browser, site: str) -> None:
        self._browser, self._site = browser, site
        self._contexts: list[Any] = []
        self.strangers: list[str] = []

    def open(self, path: str, size: str = "390", *, scripts: bool = False) -> Page:
        context = self._browser.new_context(viewport=SIZES[size], java_script_enabled=scripts)  # type: ignore[arg-type]
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", self._saw)
        page.set_default_timeout(10_000)
        page.goto(self._site + path)
        return page

    def _saw(self, request: Any) -> None:
        if not request.url.startswith(self._site):
            self.strangers.append(request.url)

    @staticmethod
    def picture(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def eyes(chromium: Browser, site: str) -> Iterator[Eyes]:
    made = Eyes(chromium, site)
    yield made
    made.close()
    assert made.strangers == []
