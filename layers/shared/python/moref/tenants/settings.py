"""Every setting there is, in one table; values are inherited default -> organization -> location.

An organization may lock a setting: then what its locations say is kept but does not count.
"""

from dataclasses import dataclass
from typing import Any, Literal

from moref.kernel.errors import BadInput
from moref.tenants.model import Location, Organization

Origin = Literal["default", "organization", "location"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A whole number within bounds (inclusive), or a yes / no when `default` is a bool."""

    default: int | bool
    words: str
    least: int = 0
    most: int = 0

    def check(self, name: str, value: Any) -> int | bool:
        """The value as stored. Raises BadInput; text, floats and null are never numbers here."""
        if type(value) is not type(self.default):
            kind = "true or false" if isinstance(self.default, bool) else "a whole number"
            raise BadInput(f"{name} is {kind}", field=name)
        if not isinstance(self.default, bool) and not self.least <= value <= self.most:
            raise BadInput(f"{name} is between {self.least} and {self.most}", field=name)
        return value


SETTINGS: dict[str, Setting] = {
    "feedback_threshold": Setting(4, "the score from which a customer is asked to refer", 1, 5),
    "ask_delay_minutes": Setting(120, "minutes from completion to the question for a score", 0, 7 * 24 * 60),
    "remind_after_days": Setting(3, "days from the invitation to its one reminder; same wall time", 1, 30),
    "existing_customer_months": Setting(
        12, "months without a job after which a customer may be referred as a new one; 0: anybody may", 0, 120
    ),
    "dispute_days": Setting(14, "days within which a claim of an advocate (I referred them) is to be decided", 1, 90),
    "goodwill_most": Setting(
        10_000, "minor units up to which one member alone gives a goodwill reward; above it takes two", 0, 200_000
    ),
    "campaigns": Setting(True, "whether a completed job starts a campaign"),
    "start_when_invoiced": Setting(False, "whether campaigns for completed jobs begin when the job is invoiced"),
    "no_score_after_days": Setting(4, "days without a score until a customer counts as silent; same wall time", 1, 60),
    "remind_without_score": Setting(False, "whether a silent customer is asked for a score once more"),
    "invite_without_score": Setting(False, "whether a silent customer is asked to refer"),
    "win_back_message": Setting(False, "whether an unhappy customer gets a message after the branch was told"),
    "win_back_after_days": Setting(3, "days from a low score to that message; same wall time", 1, 60),
    "link_per_hour": Setting(20, "links that a crew member may have sent at the door in one hour", 1, 200),
    "most_referrals_a_day": Setting(10, "referrals of a customer within 24 hours above which staff look", 1, 1000),
    "tell_staff_of_low_scores": Setting(True, "whether the branch gets an e-mail about a score below the threshold"),
    "most_per_day": Setting(1, "most marketing messages to one person a day, over all campaigns and channels", 1, 10),
    "most_per_week": Setting(3, "most marketing messages to one person in any seven days", 1, 50),
    "observe_state_holidays": Setting(False, "whether nothing is sent on holidays"),
}


def known(name: str) -> Setting:
    """Raises BadInput on a name the table does not have."""
    if name not in SETTINGS:
        raise BadInput(f"there is no setting {name!r}", field=name[:64])
    return SETTINGS[name]


def where_from(organization: Organization, location: Location | None, name: str) -> Origin:
    """Which level supplies the value that counts."""
    known(name)
    if location is not None and name in location.settings and name not in organization.locked:
        return "location"
    return "organization" if name in organization.settings else "default"


def setting(organization: Organization, location: Location | None, name: str) -> Any:
    """The value that counts: an int or a bool, as SETTINGS says."""
    origin = where_from(organization, location, name)
    if origin == "location" and location is not None:
        return location.settings[name]
    return organization.settings[name] if origin == "organization" else SETTINGS[name].default


def levels(organization: Organization, location: Location | None, name: str) -> dict[Origin, Any]:
    """What each level says, the strongest last; a lock leaves what a location says out of account, not away."""
    found: dict[Origin, Any] = {"default": known(name).default}
    if name in organization.settings:
        found["organization"] = organization.settings[name]
    if location is not None and name in location.settings:
        found["location"] = location.settings[name]
    return found


def merged(current: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`current` with changes applied; null forgets a value, so that the level above counts again. Raises BadInput."""
    result = dict(current)
    for name, value in changes.items():
        entry = known(name)
        if value is None:
            result.pop(name, None)
        else:
            result[name] = entry.check(name, value)
    return result
