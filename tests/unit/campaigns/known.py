"""What is known of an enrollment, as plain values: conditions.Known for tests of the pure walk."""

from dataclasses import dataclass, field
from datetime import datetime

from moref.campaigns.definition import AdvocateKind, Sentiment
from moref.campaigns.places import Place
from moref.tenants.settings import SETTINGS
from tests.fakes.runtime import START


@dataclass
class PlainKnown:
    now: datetime = START  # a Tuesday, 10:00 in Chicago
    places: list[Place] = field(default_factory=lambda: [Place(zone="America/Chicago", state="TX")])
    score: int | None = None
    sentiment: Sentiment | None = None
    asked_at: datetime | None = None
    clicked: bool = False
    quoted: bool = False
    booked: bool = False
    job_type: str | None = None
    amount: int | None = None
    location_id: str = "loc_1"
    advocate_kind: AdvocateKind = "customer"
    settings: dict[str, int | bool] = field(default_factory=dict)

    def setting(self, name: str) -> int | bool:
        return self.settings.get(name, SETTINGS[name].default)
