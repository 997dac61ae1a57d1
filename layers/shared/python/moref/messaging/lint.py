"""What is wrong with a template, found when it is saved. An error refuses it, a warning is shown.

Every finding names its place: the language and part ("en.sms") and the line. What depends on merge fields is judged on
every way the text can come out (each field that may be empty, empty and not), so that no `if` hides the way to stop.
"""

from collections.abc import Collection, Iterator, Mapping

from moref.messaging.grammar import parse
from moref.messaging.lint_rules import by_class, by_content
from moref.messaging.lint_units import Finding, Surroundings, units
from moref.messaging.model import MessageClass
from moref.messaging.template_model import Language, Wording

LONGEST = {"sms": 4_000, "subject": 300, "body": 50_000, "button": 60}  # characters of source
ONE_LINE = ("subject", "button")
_CONTROL = {chr(code) for code in (*range(32), 127, 0x2028, 0x2029)} - {"\n", "\t"}


def lint(kind: MessageClass, wordings: Mapping[Language, Wording], around: Surroundings) -> list[Finding]:
    """Errors first. Rules of content are looked at once the text itself is in order."""
    found = [*_forms(kind, wordings)]
    for language, wording in wordings.items():
        faults = list(_sources(language, wording))
        found += faults
        if not faults:
            for unit in units(language, wording):
                found += by_class(kind, unit)
                found += by_content(kind, unit, around)
    return sorted(found, key=lambda each: each.severity != "error")


def _forms(kind: MessageClass, wordings: Mapping[Language, Wording]) -> Iterator[Finding]:
    """Which forms there are at all."""
    if "en" not in wordings:
        yield Finding("en", 1, "the English words are missing: whoever reads no other language gets them")
    elif "es" not in wordings and kind != "staff":
        yield Finding("es", 1, "there are no Spanish words: who reads Spanish gets the English ones", "warning")
    for language, wording in wordings.items():
        if not wording.sms and not wording.subject:
            yield Finding(language, 1, "needs a text (sms), or a subject and a body")
        if bool(wording.subject) != bool(wording.body):
            place = "subject" if wording.body else "body"
            yield Finding(f"{language}.{place}", 1, "an e-mail needs both a subject and a body")
        if bool(wording.button) != bool(wording.button_link):
            yield Finding(f"{language}.button", 1, "a button needs its words and its link")
        yield from _channels(kind, language, wording)


def _channels(kind: MessageClass, language: Language, wording: Wording) -> Iterator[Finding]:
    if kind == "keyword" and wording.subject:
        yield Finding(f"{language}.subject", 1, "the answer to a keyword is a text only")
    if kind == "staff" and wording.sms:
        yield Finding(f"{language}.sms", 1, "staff are written to by e-mail only")


def _sources(language: Language, wording: Wording) -> Iterator[Finding]:
    """What can be said of each part by itself; size first, so that nothing large is ever parsed."""
    for part, source in wording.sources().items():
        place = f"{language}.{part}"
        if len(source) > LONGEST[part]:
            yield Finding(place, 1, f"is too large: {len(source)} characters, at most {LONGEST[part]}")
            continue
        yield from _characters(place, source, one_line=part in ONE_LINE)
        for fault in parse(source).faults:
            yield Finding(place, fault.line, fault.words)


def _characters(place: str, source: str, *, one_line: bool) -> Iterator[Finding]:
    bad: Collection[str] = _CONTROL & set(source)
    if bad:
        at = min(source.index(each) for each in bad)
        yield Finding(place, source.count("\n", 0, at) + 1, "holds a control character")
    if one_line and "\n" in source:
        yield Finding(place, 1, "is one line: a line break could start another header")
