"""Which templates lead to the public review link, for the check that everybody gets it alike (campaigns.fairness)."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path

from moref.kernel.errors import BadInput
from moref.messaging.template_model import Language, Wording
from moref.messaging.templates import Finds, effective, fields_of
from moref.tenants.model import Location

REVIEW_FIELDS = frozenset({"review_link", "feedback_link"})  # everybody finds the review link on the feedback page

_TAG = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)  # what may stand between two letters and is not seen


def holds_review_link(wordings: Mapping[Language, Wording], review_urls: Collection[str]) -> bool:
    """By a merge field, or written out."""
    if fields_of(wordings) & REVIEW_FIELDS:
        return True
    sources = [source for wording in wordings.values() for source in wording.sources().values()]
    return any(written_out(source, review_urls) for source in sources)


def written_out(source: str, review_urls: Collection[str]) -> bool:
    """Whether the words hold a review link as text: a branch's, or one of a known review site."""
    plain = _TAG.sub("", source).casefold()
    return any(each in plain for each in (*(_bare(url).casefold() for url in review_urls if url), *_review_sites()))


def has_review_link(
    store: Finds, location: Location, review_urls: Collection[str] | None = None
) -> Callable[[str], bool]:
    """By the name of a template, as it counts at the location. `review_urls`: every branch's, by default its own.

    A name that does not exist holds nothing: that it does not exist is another check's finding.
    """
    known: dict[str, bool] = {}

    def holds(name: str) -> bool:
        if name not in known:
            known[name] = holds_review_link(words(name), review_urls or [location.review_url])
        return known[name]

    def words(name: str) -> Mapping[Language, Wording]:
        try:
            return effective(store, location.organization_id, name, location.id).wordings
        except BadInput:
            return {}

    return holds


def _bare(url: str) -> str:
    return url.partition("://")[2].rstrip("/") or url


@cache
def _review_sites() -> tuple[str, ...]:
    data = Path(__file__).parent / "data" / "words_and_hosts.json"
    return tuple(json.loads(data.read_text(encoding="utf-8"))["review_sites"])
