"""Whether a branch's condition holds. Pure: what is known comes as `Known`, read anew by whoever asks."""

from datetime import datetime
from typing import Protocol

from moref.campaigns.definition import AdvocateKind, Awaited, Condition, Sentiment
from moref.campaigns.places import Place
from moref.campaigns.waits import days_later


class Known(Protocol):
    """What is known of an enrollment at the moment; each is read when it is first asked for, and only then."""

    @property
    def now(self) -> datetime: ...
    @property
    def places(self) -> list[Place]: ...
    @property
    def score(self) -> int | None: ...
    @property
    def sentiment(self) -> Sentiment | None: ...
    @property
    def asked_at(self) -> datetime | None: ...
    @property
    def clicked(self) -> bool: ...
    @property
    def quoted(self) -> bool: ...
    @property
    def booked(self) -> bool: ...
    @property
    def job_type(self) -> str | None: ...
    @property
    def amount(self) -> int | None: ...
    @property
    def location_id(self) -> str: ...
    @property
    def advocate_kind(self) -> AdvocateKind: ...
    def setting(self, name: str) -> int | bool: ...


def holds(when: Condition, known: Known) -> bool:
    """Every part that is given must hold."""
    return _feedback(when, known) and _progress(when, known) and _job(when, known) and _others(when, known)


def has_come(awaited: Awaited, known: Known) -> bool:
    """Whether what a wait waits for is there."""
    return known.score is not None if awaited == "answered" else bool(getattr(known, awaited))


def _feedback(when: Condition, known: Known) -> bool:
    if when.happy is not None and (score := known.score) is not None:
        # Somebody who gave no score is neither happy nor unhappy.
        happy = score >= known.setting("feedback_threshold")
        return happy == when.happy and _score(when, known)
    return when.happy is None and _score(when, known)


def _score(when: Condition, known: Known) -> bool:
    if when.score_at_least is not None and not (known.score or 0) >= when.score_at_least:
        return False
    if when.score_at_most is not None and not (known.score or 6) <= when.score_at_most:
        return False
    return when.sentiment is None or known.sentiment in when.sentiment


def _progress(when: Condition, known: Known) -> bool:
    said = {"clicked": when.clicked, "quoted": when.quoted, "booked": when.booked}
    if when.answered is not None and when.answered != (known.score is not None):
        return False
    if when.no_answer_days is not None and not _silent(when.no_answer_days, known):
        return False
    return all(wanted is None or getattr(known, name) == wanted for name, wanted in said.items())


def _silent(days: int, known: Known) -> bool:
    asked = known.asked_at
    return known.score is None and asked is not None and known.now >= days_later(asked, days, known.places)


def _job(when: Condition, known: Known) -> bool:
    if when.job_types is not None and known.job_type not in when.job_types:
        return False
    if when.amount_at_least is None and when.amount_at_most is None:
        return True
    amount = known.amount
    if amount is None:
        return False
    return (when.amount_at_least or 0) <= amount and (when.amount_at_most is None or amount <= when.amount_at_most)


def _others(when: Condition, known: Known) -> bool:
    if when.location_ids is not None and known.location_id not in when.location_ids:
        return False
    if when.advocate_kinds is not None and known.advocate_kind not in when.advocate_kinds:
        return False
    return when.setting is None or known.setting(when.setting) is True
