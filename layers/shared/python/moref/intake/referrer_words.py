"""What an intake's free text says of who referred a customer: codes, and names after words such as "referred by". Pure.

Only what stands after such words, or in a field that is for it, is taken for a name: a note's other names are nobody's.
"""

import re
from collections.abc import Iterable

from moref.kernel import codes

MOST = 200  # characters of a name as it is kept
MOST_CODES = 5  # of one intake; each is asked for in the table
# Groups of 4, 4 and 3 with any one separator, as codes are displayed, spoken and put into links.
_CODE = re.compile(r"(?=(?<![0-9A-Za-z])([0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{3})(?![0-9A-Za-z]))")
_SENT_BY = re.compile(
    r"\b(?:referred\s+(?:to\s+us\s+)?(?:by|from)|referral\s*(?:by|from|of|:|-)|refered\s+by|ref(?:'d|d)?\s+by|"
    r"recommended\s+by|recommendation\s+(?:by|from|of)|sent\s+(?:to\s+us\s+)?by|(?:a\s+)?friend\s+of|"
    r"heard\s+(?:about\s+(?:us|you)\s+)?(?:from|through))\s*:?\s*(?:our\s+|my\s+|his\s+|her\s+)?"
    r"(?:(?:past|previous|former)\s+)?(?:(?:customer|client|friend|neighbou?r|coworker|colleague)s?\s+)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w'\u2019.-]*(?:\s+[^\W\d_][\w'\u2019.-]*){0,3}")
_ENDS = re.compile(
    r"[,;:()\n\r/|]|\s-\s|\.\s|\.$|\b(?:who|from|at|in|on|and|with|wants?|needs?|is|was|has|moved|code|via)\b", re.I
)
_REFERRAL = re.compile(r"\brefer|\breferr?al|\bfriend\b|word[\s-]of[\s-]mouth|recommend", re.IGNORECASE)
_TITLE = re.compile(r"^(?:dr|mrs?|ms)\.?\s+", re.IGNORECASE)
_NOBODY = re.compile(
    r"^(?:an?\s+|the\s+|my\s+|our\s+)?(?:n/?a|none|no one|nobody|unknown|yes|no|other|google|yelp|facebook|"
    r"instagram|internet|web(?:site)?|"
    r"online|(?:customer\s+)?referral|friend|family|customer|client|neighbou?r|word[\s-]of[\s-]mouth|us|search|ad|ads)s?$",
    re.IGNORECASE,
)  # fmt: skip


def codes_in(texts: Iterable[str | None]) -> list[str]:
    """Every code with a right check character, in the order of the texts, normalised; at most MOST_CODES."""
    found = (codes.normalise(each) for text in texts if text for each in _CODE.findall(text))
    return [*dict.fromkeys(code for code in found if code)][:MOST_CODES]


def name_in(referred_by: str | None, others: Iterable[str | None]) -> str | None:
    """Who is said to have sent them. A field for it is a name as it stands; elsewhere the words before it decide."""
    if referred_by:
        said = _SENT_BY.match(referred_by.strip())
        name = _name(referred_by.strip()[said.end() :] if said else referred_by)
        if name:
            return name
    for text in others:
        for said in _SENT_BY.finditer(text or ""):
            name = _name((text or "")[said.end() :])
            if name:
                return name
    return None


def tells_of_a_referral(referred_by: str | None, source: str | None) -> bool:
    """Somebody is said to have referred, whether or not it says who."""
    given = (referred_by or "").strip()
    return bool(given and not _NOBODY.match(given)) or bool(source and _REFERRAL.search(source))


def _name(text: str) -> str | None:
    text = _TITLE.sub("", text.strip())
    if _NOBODY.match(text):
        return None
    before = _ENDS.split(text, maxsplit=1)[0].strip()
    found = _NAME.match(before)
    if not found or len(found[0]) < 2 or _NOBODY.match(found[0].strip()):
        return None
    return found[0].strip(" .'-")[:MOST] or None
