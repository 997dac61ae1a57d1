"""Which form of a campaign counts at a location: its own unless the organization locks, else the organization's, else
the ready-made one. Status and definition are inherited each by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from moref.campaigns.catalogue import CATALOGUE, ReadyMade
from moref.campaigns.definition import Definition
from moref.campaigns.model import Campaign, CampaignVersion, Enrollment
from moref.kernel import ids
from moref.kernel.errors import NotFound
from moref.records import Store, every, get

Level = Literal["ready_made", "organization", "location"]
Status = Literal["draft", "active", "paused", "archived"]


@dataclass(frozen=True, slots=True)
class Effective:
    """`version_id` is that of a CampaignVersion; a ready-made definition has one as soon as somebody enrolls on it."""

    campaign_id: str
    name: str
    status: Status
    status_from: Level
    version_id: str
    definition_from: Level
    locked: bool


def form_id(campaign_id: str, location_id: str) -> str:
    return f"{campaign_id}.{location_id}"


def effective(store: Store, organization_id: str, campaign_id: str, location_id: str | None = None) -> Effective:
    """At the location, or as the organization has it. Strongly consistent. Raises NotFound."""
    own = store.find(Campaign, organization_id, campaign_id)
    form = store.find(Campaign, organization_id, form_id(campaign_id, location_id)) if location_id else None
    return of_rows(organization_id, campaign_id, own, form)


def paused(store: Store, enrollment: Enrollment) -> bool:
    """Whether the enrollment has to wait where it is."""
    try:
        found = effective(store, enrollment.organization_id, enrollment.campaign_id, enrollment.location_id)
    except NotFound:
        return False
    return found.status == "paused"


def all_effective(store: Store, organization_id: str, location_id: str | None = None) -> dict[str, Effective]:
    """Every campaign there is, by id, from one list: a change of the last second may be missing."""
    rows = {row.id: row for row in every(store, Campaign, organization_id)}
    return _all(organization_id, rows, location_id)


def _all(organization_id: str, rows: Mapping[str, Campaign], location_id: str | None) -> dict[str, Effective]:
    names = sorted({*CATALOGUE, *(row.id for row in rows.values() if row.location_id is None)})
    return {
        name: of_rows(
            organization_id, name, rows.get(name), rows.get(form_id(name, location_id)) if location_id else None
        )
        for name in names
    }


def of_rows(organization_id: str, id: str, own: Campaign | None, form: Campaign | None) -> Effective:
    """What counts, given the organization's row and the location's. Raises NotFound."""
    made = CATALOGUE.get(id)
    if (own is None and made is None) or (own is not None and own.location_id is not None):
        raise NotFound(f"no campaign {id}")
    locked = own is not None and own.locked
    levels: list[tuple[Level, Campaign]] = [("location", form)] if form is not None and not locked else []
    levels += [("organization", own)] if own is not None else []
    status: tuple[Status, Level] = (made.status if made else "draft", "ready_made" if made else "organization")
    version: tuple[str, Level] = (version_of(organization_id, made) if made else "", status[1])
    status = next(((row.status, level) for level, row in levels if row.status), status)
    version = next(((row.version_id, level) for level, row in levels if row.version_id), version)
    name = (own.name if own else None) or (made.words if made else id)
    return Effective(id, name, *status, *version, locked)


def version_of(organization_id: str, made: ReadyMade) -> str:
    """By what the definition says: other words in later code are another version, beside the one people are on."""
    return ids.derived("cver", organization_id, made.name, made.definition.model_dump_json())


def definition_of(store: Store, organization_id: str, found: Effective) -> Definition:
    """Raises NotFound: a draft without a definition."""
    if found.definition_from == "ready_made":
        return CATALOGUE[found.campaign_id].definition
    return get(store, CampaignVersion, organization_id, found.version_id).definition
