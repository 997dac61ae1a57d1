"""Makes campaigns and saves definitions.

Each definition saved is a CampaignVersion that never changes: who began on one finishes on it.
"""

from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.check_saved import refuse_faulty
from moref.campaigns.definition import Definition
from moref.campaigns.effective import definition_of, effective
from moref.campaigns.model import Campaign, CampaignVersion
from moref.campaigns.rows import Acting, commit, parts, read
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import Create, get
from moref.runtime import Runtime

MOST_VERSIONS = 1_000


def create_campaign(
    runtime: Runtime,
    organization_id: str,
    id: str,
    *,
    name: str,
    definition: Definition | None,
    copy_of: str | None,
    actor: str,
) -> Campaign:
    """A draft, with a definition, or one that begins as a copy of another campaign's, or none yet.

    The same id again is the campaign made before. Raises Faulty, NotFound, BadInput.
    """
    known = runtime.store.find(Campaign, organization_id, id)
    if known is not None:
        return known
    if definition is not None and copy_of is not None:
        raise BadInput("say a definition, or which campaign to begin with, not both", field="from")
    if copy_of is not None:
        definition = definition_of(runtime.store, organization_id, effective(runtime.store, organization_id, copy_of))
    now = runtime.clock.now()
    made = Campaign(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, base=id, name=name, status="draft"
    )
    if definition is None:
        return commit(runtime, None, made, Acting(actor, "created"))
    after, version = _versioned(runtime, made, definition, actor)
    refuse_faulty(runtime, after, version)
    return commit(runtime, None, after, Acting(actor, "created"), Create(version))


def save_definition(
    runtime: Runtime, organization_id: str, id: str, definition: Definition, *, version: int, actor: str
) -> Campaign:
    """As the next version; whoever enrolls from now on begins on it. `version` is the row's as read, 0 when there is
    none. Raises Faulty with every place, Conflict (changed meanwhile, locked, archived), NotFound."""
    before, row = read(runtime, organization_id, id)
    _unchanged(before, version)
    if row.status == "archived":
        raise Conflict("the campaign is archived: activate it first")
    if row.versions >= MOST_VERSIONS:
        raise Conflict(f"the campaign has {MOST_VERSIONS} versions already")
    after, made = _versioned(runtime, row, definition, actor)
    refuse_faulty(runtime, after, made)
    return commit(runtime, before, after, Acting(actor, "saved"), Create(made), number=str(made.number))


def revert_campaign(
    runtime: Runtime, organization_id: str, id: str, version_id: str | None, *, version: int, actor: str
) -> Campaign:
    """To what an earlier version says, as a new one. Without one: to what counts without a definition of its own, the
    ready-made or, for a location's form, the organization's. Raises as save_definition does."""
    if version_id is not None:
        found = _version(runtime, organization_id, id, version_id)
        return save_definition(runtime, organization_id, id, found, version=version, actor=actor)
    before, row = read(runtime, organization_id, id)
    _unchanged(before, version)
    if row.location_id is None and row.base not in CATALOGUE:
        raise Conflict("this campaign is not ready-made: say which of its versions")
    if before is None or before.version_id is None:
        raise Conflict("nobody has changed its definition")
    after = row.changed(runtime.clock.now(), version_id=None)
    refuse_faulty(runtime, after)
    return commit(runtime, before, after, Acting(actor, "reverted"))


def _version(runtime: Runtime, organization_id: str, id: str, version_id: str) -> Definition:
    found = get(runtime.store, CampaignVersion, organization_id, version_id)
    if found.campaign_id not in (id, parts(id)[0]):
        raise NotFound(f"no version {version_id} of campaign {id}")
    return found.definition


def _unchanged(before: Campaign | None, version: int) -> None:
    current = before.version if before else 0
    if current != version:
        raise Conflict(f"the campaign is at version {current}")


def _versioned(runtime: Runtime, row: Campaign, definition: Definition, actor: str) -> tuple[Campaign, CampaignVersion]:
    now, number = runtime.clock.now(), row.versions + 1
    made = CampaignVersion(
        organization_id=row.organization_id, id=f"{row.id}.v{number}", created_at=now, updated_at=now,
        campaign_id=row.id, number=number, definition=definition, made_by=actor,
    )  # fmt: skip
    return row.changed(now, version_id=made.id, versions=number), made
