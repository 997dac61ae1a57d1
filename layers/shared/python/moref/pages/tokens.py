"""What a page's token leads to."""

from typing import Literal

from moref.campaigns.model import PageToken
from moref.kernel.keys import GLOBAL
from moref.runtime import Runtime

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_LONGEST = 40


def find_token(
    runtime: Runtime, token: str, page: Literal["review", "preferences", "report", "partner"]
) -> PageToken | None:
    """None for a token that is none, unknown, or another page's; what cannot be one does not reach the table."""
    if not token or len(token) > _LONGEST or not _LETTERS.issuperset(token):
        return None
    found = runtime.store.find(PageToken, GLOBAL, token)
    return found if found is not None and found.page == page else None
