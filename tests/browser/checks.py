"""What every page is judged by: it fits its window, axe finds nothing, and the focus can be seen."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# WCAG 2.2 A and AA, and what axe's authors recommend beyond it.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const rings = [focused, focused.closest("label")].filter(Boolean).map(each => getComputedStyle(each));
  const seen = rings.some(each => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 2);
  const box = focused.getBoundingClientRect();
  return {
    name: focused.id || focused.value || focused.textContent.trim(), seen,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def fits(page: Page) -> bool:
    """No sideways scrolling: nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def findings(page: Page, *, without: Sequence[str] = ()) -> list[str]:
    """What axe objects to, one line each, `without` some of its rules. The page must have been opened with scripts, for
    axe is one."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["id"] not in without
        for node in each["nodes"]
    ]


def focus(page: Page) -> dict[str, Any] | None:
    """Its name, whether its ring is `seen`, whether it is `inside` the window; None: nothing has the focus."""
    found: dict[str, Any] | None = page.evaluate(_FOCUS)
    return found


def walk(page: Page, steps: int = 40) -> list[str]:
    """The names of what Tab reaches, in order, each once; every one of them must be seen to have the focus."""
    names: list[str] = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        here = focus(page)
        if here is None:
            break
        assert here["seen"], f"the focus on {here['name']} cannot be seen"
        assert here["inside"], f"{here['name']} has the focus outside of the window"
        if here["name"] not in names[-1:]:  # a date field has several parts
            names.append(here["name"])
    return names
