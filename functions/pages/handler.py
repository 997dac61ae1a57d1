"""Pages that customers open: quote form, feedback, preferences, and the script for a company's own site."""

from typing import Any

from moref.aws.compose import runtime
from moref.kernel.env import Pages
from moref.pages.dispatch import answer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return answer(runtime(Pages), event)
