"""Operations on campaigns. Under `/v1/campaigns/review_collection` stands the organization's, under
`/v1/campaigns/review_collection.<location>` the branch's own form of it; each is there before anybody changed it."""

from functools import partial
from typing import Any

from pydantic import Field, StrictInt

from moref.api import campaign_views as views
from moref.api import cursor
from moref.api.operation import Call, Operation
from moref.api.problems import Invalid
from moref.campaigns import change_campaign, save_campaign
from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.change_campaign import Move
from moref.campaigns.check_saved import Faulty
from moref.campaigns.definition import Definition
from moref.campaigns.effective import Effective, all_effective, definition_of, effective, form_id
from moref.campaigns.model import Campaign, CampaignVersion
from moref.campaigns.rows import parts
from moref.kernel.errors import Forbidden
from moref.records import every
from moref.tenants.forms import Form, Identifier, Name
from moref.tenants.model import Location

PAGE = 20  # a definition may be long
RowVersion = StrictInt
_NOT_CHANGED = "of the copy you read; 0 when nobody has changed it yet"


class NewCampaign(Form):
    name: Name
    definition: Definition | None = Field(default=None, description="may be saved later: the campaign is a draft")
    copy_of: Identifier | None = Field(default=None, description="begin with the definition of this campaign")


class CampaignChanges(Form):
    version: RowVersion = Field(ge=0, description=_NOT_CHANGED)
    name: Name


class SaveDefinition(Form):
    version: RowVersion = Field(ge=0, description=_NOT_CHANGED)
    definition: Definition


class RevertCampaign(Form):
    version: RowVersion = Field(ge=1)
    version_id: str | None = Field(
        default=None, max_length=128,
        description="of one of its versions; without it the ready-made or inherited definition counts again",
    )  # fmt: skip


class Archiving(Form):
    end_running: bool = Field(default=False, description="whoever is in it is taken off, instead of finishing it")


def _list(call: Call) -> Any:
    """All there are; an organization has a few dozen."""
    org, store = call.organization_id, call.runtime.store
    location_id = call.get(Location, call.query["location_id"]).id if "location_id" in call.query else None
    rows = {row.id: row for row in every(store, Campaign, org)}
    items = [
        views.brief(found, rows.get(_form(id, location_id)), location_id, _trigger(call, found))
        for id, found in all_effective(store, org, location_id).items()
    ]
    wanted = call.query.get("status")
    return {"items": [item for item in items if wanted in (None, item["status"])]}


def _one(call: Call) -> Any:
    return _shown(call, *_parts(call, changing=False))


def _create(call: Call) -> Any:
    _whole(call)
    body = call.body
    made = _do(
        save_campaign.create_campaign, call, call.new_id("cmp"), name=body.name, definition=body.definition,
        copy_of=body.copy_of,
    )  # fmt: skip
    return _shown(call, made.id, None)


def _rename(call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    _do(change_campaign.rename_campaign, call, _form(campaign_id, location_id), call.body.name,
        version=call.body.version)  # fmt: skip
    return _shown(call, campaign_id, location_id)


def _save(call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    _do(save_campaign.save_definition, call, _form(campaign_id, location_id), call.body.definition,
        version=call.body.version)  # fmt: skip
    return _shown(call, campaign_id, location_id)


def _revert(call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    _do(save_campaign.revert_campaign, call, _form(campaign_id, location_id), call.body.version_id,
        version=call.body.version)  # fmt: skip
    return _shown(call, campaign_id, location_id)


def _inherit(call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    _do(change_campaign.inherit_campaign, call, _form(campaign_id, location_id))
    return _shown(call, campaign_id, location_id)


def _moved(move: Move, call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    ends = {"ends_running": call.body.end_running} if move == "archive" else {}
    _do(change_campaign.move_campaign, call, _form(campaign_id, location_id), move, **ends)
    return _shown(call, campaign_id, location_id)


def _locked(locked: bool, call: Call) -> Any:
    campaign_id, location_id = _parts(call)
    _do(change_campaign.lock_campaign, call, _form(campaign_id, location_id), locked)
    return _shown(call, campaign_id, location_id)


def _versions(call: Call) -> Any:
    """Newest first; at the end the ready-made one as number 0, whether anybody was on it or not."""
    campaign_id, location_id = _parts(call, changing=False)
    _found(call, campaign_id, location_id)
    after = cursor.unseal(call.runtime.keys, _scope(call), call.query["cursor"]) if "cursor" in call.query else None
    page = call.runtime.store.list(
        CampaignVersion, call.organization_id, parent=_form(campaign_id, location_id), limit=PAGE, after=after
    )
    items = [views.version_view(row) for row in page.items if row.number]
    if page.after is not None:
        return {"items": items, "next_cursor": cursor.seal(call.runtime.keys, _scope(call), page.after)}
    made = CATALOGUE.get(campaign_id) if location_id is None else None
    if made is not None:
        items.append({"id": "ready_made", "campaign_id": campaign_id, "number": 0, "made_by": "moref",
                      "created_at": None, "definition": views.plain(made.definition)})  # fmt: skip
    return {"items": items, "next_cursor": None}


def _scope(call: Call) -> str:
    return f"{call.scope} {call.params['id']}"


def _form(campaign_id: str, location_id: str | None) -> str:
    return form_id(campaign_id, location_id) if location_id else campaign_id


def _parts(call: Call, *, changing: bool = True) -> tuple[str, str | None]:
    """Campaign and location. Whoever is limited to locations changes these locations' forms only."""
    campaign_id, location_id = parts(call.params["id"])
    if location_id is not None:
        call.get(Location, location_id)
    elif changing:
        _found(call, campaign_id, None)
        _whole(call)
    return campaign_id, location_id


def _whole(call: Call) -> None:
    if call.caller.location_ids is not None:
        raise Forbidden("the organization's campaigns are for members who may see every location")


def _do(use_case: Any, call: Call, *said: Any, **more: Any) -> Any:
    """Every change names who made it; problems are named as fields of the body."""
    try:
        return use_case(call.runtime, call.organization_id, *said, actor=call.caller.member_id, **more)
    except Faulty as error:
        raise Invalid([(f"definition.{found.place}", found.words) for found in error.problems]) from None


def _found(call: Call, campaign_id: str, location_id: str | None) -> Effective:
    return effective(call.runtime.store, call.organization_id, campaign_id, location_id)


def _shown(call: Call, campaign_id: str, location_id: str | None) -> Any:
    found = _found(call, campaign_id, location_id)
    row = call.runtime.store.find(Campaign, call.organization_id, _form(campaign_id, location_id))
    definition = _definition(call, found)
    trigger = definition.trigger.kind if definition else None
    shown = views.brief(found, row, location_id, trigger)
    return shown | {"definition": views.plain(definition) if definition else None}


def _definition(call: Call, found: Effective) -> Definition | None:
    return definition_of(call.runtime.store, call.organization_id, found) if found.version_id else None


def _trigger(call: Call, found: Effective) -> str | None:
    definition = _definition(call, found)
    return definition.trigger.kind if definition else None


_TAG, _ONE = "campaigns", "/v1/campaigns/{id}"
_STATUSES = {"type": "string", "enum": ["draft", "active", "paused", "archived"]}
OPERATIONS = (
    Operation("GET", "/v1/campaigns", _list, "member", _TAG,
              "Every campaign, ready-made ones too, as it counts for the organization or at a location",
              views.list_schema, query={"location_id": views.TEXT, "status": _STATUSES}),
    Operation("POST", "/v1/campaigns", _create, "admin", _TAG, "Makes a campaign of your own, as a draft",
              views.campaign_schema, status=201, body=NewCampaign, idempotency="optional", paid=True),
    Operation("GET", _ONE, _one, "member", _TAG, "One campaign with its definition", views.campaign_schema),
    Operation("PATCH", _ONE, _rename, "admin", _TAG, "Renames it", views.campaign_schema, body=CampaignChanges),
    Operation("DELETE", _ONE, _inherit, "admin", _TAG,
              "Takes away a location's own form: the organization's counts there again", views.campaign_schema),
    Operation("PUT", _ONE + "/definition", _save, "admin", _TAG,
              "Saves the definition as a new version; whatever is wrong with it is named with its place. Whoever is in "
              "the campaign finishes on the version they began on",
              views.campaign_schema, body=SaveDefinition),
    Operation("GET", _ONE + "/versions", _versions, "member", _TAG, "Its definitions as they were saved",
              views.versions_schema, query={"cursor": views.TEXT}),
    Operation("POST", _ONE + "/revert", _revert, "admin", _TAG, "Back to an earlier version, or to the ready-made",
              views.campaign_schema, body=RevertCampaign),
    Operation("POST", _ONE + "/activate", partial(_moved, "activate"), "admin", _TAG,
              "A draft, or an archived one, begins to enroll", views.campaign_schema, paid=True),
    Operation("POST", _ONE + "/pause", partial(_moved, "pause"), "admin", _TAG,
              "Nobody enters, and steps that come due wait", views.campaign_schema),
    Operation("POST", _ONE + "/resume", partial(_moved, "resume"), "admin", _TAG,
              "It goes on: what waited comes due over twenty minutes of the next window", views.campaign_schema),
    Operation("POST", _ONE + "/archive", partial(_moved, "archive"), "admin", _TAG,
              "Nobody enters; whoever is in it finishes, or not", views.campaign_schema, body=Archiving,
              body_optional=True),
    Operation("POST", _ONE + "/lock", partial(_locked, True), "admin", _TAG,
              "No location's own form counts", views.campaign_schema),
    Operation("POST", _ONE + "/unlock", partial(_locked, False), "admin", _TAG, "Locations' own forms count again",
              views.campaign_schema),
)  # fmt: skip
