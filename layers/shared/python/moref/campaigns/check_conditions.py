"""What may be wrong with a condition: it can never hold, or names what is not there. Pure."""

from collections.abc import Collection

from moref.campaigns.definition import Condition, TriggerKind
from moref.campaigns.problem import Problem
from moref.tenants.settings import SETTINGS

WITH_FEEDBACK: tuple[TriggerKind, ...] = ("job_completed", "job_invoiced", "feedback_given")  # these have a job, too
_FEEDBACK = ("happy", "score_at_least", "score_at_most", "sentiment", "answered", "no_answer_days")
_JOB = ("job_types", "amount_at_least", "amount_at_most")
_LISTS = ("sentiment", "job_types", "location_ids", "advocate_kinds")


def check_condition(place: str, when: Condition, trigger: TriggerKind, location_ids: Collection[str]) -> list[Problem]:
    return [
        Problem(f"{place}.{field}", words)
        for field, words in [*_pointless(when, trigger), *_impossible(when), *_unknown(when, location_ids)]
    ]


def _pointless(when: Condition, trigger: TriggerKind) -> list[tuple[str, str]]:
    if trigger in WITH_FEEDBACK:
        return []
    said = [name for name in (*_FEEDBACK, *_JOB) if getattr(when, name) is not None]
    return [(name, f"a campaign that begins with {trigger} knows no score and no job of its own") for name in said]


def _impossible(when: Condition) -> list[tuple[str, str]]:
    found = [(name, "an empty list never holds") for name in _LISTS if getattr(when, name) == []]
    for low, high in (("score_at_least", "score_at_most"), ("amount_at_least", "amount_at_most")):
        least, most = getattr(when, low), getattr(when, high)
        if least is not None and most is not None and least > most:
            found.append((high, f"below {low}: never holds"))
    if when.answered and when.no_answer_days is not None:
        found.append(("no_answer_days", "never holds together with answered"))
    if when.answered is False and (when.happy is not None or when.sentiment is not None):
        found.append(("answered", "never holds together with what the customer said"))
    return found


def _unknown(when: Condition, location_ids: Collection[str]) -> list[tuple[str, str]]:
    found = [
        (f"location_ids.{number}", "there is no such location")
        for number, id in enumerate(when.location_ids or [])
        if id not in location_ids
    ]
    if when.setting is not None:
        entry = SETTINGS.get(when.setting)
        if entry is None:
            found.append(("setting", f"there is no setting {when.setting[:64]!r}"))
        elif not isinstance(entry.default, bool):
            found.append(("setting", "only a yes / no setting can be asked"))
    return found
