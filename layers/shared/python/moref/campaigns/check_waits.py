"""What may be wrong with a wait, and how long a campaign can take at most. Pure."""

from moref.campaigns.check_conditions import WITH_FEEDBACK
from moref.campaigns.definition import Definition, TriggerKind, Wait, following
from moref.campaigns.problem import Problem
from moref.tenants.settings import SETTINGS

MOST_DAYS = 365
_UNITS = {"_minutes": 1 / (24 * 60), "_days": 1.0}


def check_wait(place: str, step: Wait, trigger: TriggerKind) -> list[Problem]:
    given = [name for name in ("minutes", "days", "setting", "at") if getattr(step, name) is not None]
    if not given:
        return [Problem(place, "waits for nothing: say one of minutes, days, setting, at")]
    found = [Problem(f"{place}.{name}", f"cannot be said together with {given[0]}") for name in given[1:]]
    if step.minutes == 0:
        found.append(Problem(f"{place}.minutes", "waits no time at all"))
    if step.weekdays is not None and step.at is None:
        found.append(Problem(f"{place}.weekdays", "needs a time of day: say `at`, too"))
    if step.weekdays == []:
        found.append(Problem(f"{place}.weekdays", "no day of the week"))
    if step.setting is not None and (words := _setting(step.setting)):
        found.append(Problem(f"{place}.setting", words))
    if step.until == "answered" and trigger not in WITH_FEEDBACK:
        found.append(Problem(f"{place}.until", f"nobody is asked for a score in a campaign that begins with {trigger}"))
    return found


def _setting(name: str) -> str | None:
    entry = SETTINGS.get(name)
    if entry is None:
        return f"there is no setting {name[:64]!r}"
    if isinstance(entry.default, bool) or not name.endswith(tuple(_UNITS)):
        return "this setting is not a duration"
    return None


def longest_days(definition: Definition) -> float:
    """The sum of the waits of the longest way, a setting at its most. The graph has no cycles."""
    known: dict[str, float] = {}

    def from_(name: str) -> float:
        if name not in known:
            step = definition.steps.get(name)
            rest = max((from_(next) for next in following(step)), default=0.0) if step else 0.0
            known[name] = rest + (_days(step) if isinstance(step, Wait) else 0.0)
        return known[name]

    return from_(definition.first)


def _days(step: Wait) -> float:
    if step.setting is not None:
        entry, unit = SETTINGS.get(step.setting), next((u for u in _UNITS if str(step.setting).endswith(u)), None)
        return entry.most * _UNITS[unit] if entry and unit else 0.0
    if step.at is not None:
        return 7.0 if step.weekdays else 1.0
    return step.days or (step.minutes or 0) * _UNITS["_minutes"]
