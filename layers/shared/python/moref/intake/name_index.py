"""Look-up items that find people by the beginning of a name: keyed hashes of a few prefixes of each word.

Two lengths instead of every one keep a new contact's commit small; whoever searches takes the longest that fits and
compares the rest with the names themselves. An item outlives a changed name: the reader compares.
"""

from moref.identity.names import tokens
from moref.intake.model import Contact
from moref.people import name_keys, person_key
from moref.ports import PlatformKeys
from moref.records import Point

LOOKUP = "person_name"
LENGTHS = (3, 5)
MOST_WORDS = 5


def points(keys: PlatformKeys, contact: Contact) -> list[Point]:
    """Of the whole name (kind "person"), and of the beginnings of its words."""
    words = tokens(f"{contact.first_name} {contact.last_name}")[:MOST_WORDS]
    found = {prefix for word in words for prefix in _prefixes(word)}
    org = contact.organization_id
    whole = [
        Point(org, "person", key, contact.id) for key in name_keys(keys, org, contact.first_name, contact.last_name)
    ]
    return whole + [
        Point(org, LOOKUP, person_key(keys, org, "name", f"^{prefix}"), contact.id) for prefix in sorted(found)
    ]


def value(keys: PlatformKeys, organization_id: str, word: str) -> str:
    """Under which look-up value those stand whose name begins with `word`; of one or two letters: is `word`."""
    return person_key(keys, organization_id, "name", f"^{_prefixes(word)[-1]}")


def _prefixes(word: str) -> list[str]:
    return [word[:length] for length in LENGTHS if length <= len(word)] or [word]
