"""How campaigns look in the API: what counts, and where it comes from."""

from typing import TYPE_CHECKING, Any

from moref.api.operation import Schema
from moref.campaigns.definition import Definition
from moref.campaigns.model import Campaign, CampaignVersion

if TYPE_CHECKING:
    from moref.campaigns.effective import Effective
    from moref.campaigns.preview import Preview


def brief(found: "Effective", row: Campaign | None, location_id: str | None, trigger: str | None) -> dict[str, Any]:
    """`row` is the one that would be changed under this id; there need be none."""
    return {
        "id": ".".join(filter(None, (found.campaign_id, location_id))),
        "name": found.name,
        "location_id": location_id,
        "status": found.status,
        "status_from": found.status_from,
        "version_id": found.version_id or None,
        "definition_from": found.definition_from,
        "trigger": trigger,
        "locked": found.locked,
        "version": row.version if row else 0,
        "versions": row.versions if row else 0,
    }


def version_view(row: CampaignVersion) -> dict[str, Any]:
    return {
        "id": row.id,
        "campaign_id": row.campaign_id,
        "number": row.number,
        "made_by": row.made_by,
        "created_at": row.model_dump(mode="json")["created_at"],
        "definition": plain(row.definition),
    }


def plain(definition: Definition) -> dict[str, Any]:
    """What is not said is left out."""
    return definition.model_dump(mode="json", exclude_none=True)


def preview_view(found: "Preview") -> dict[str, Any]:
    return {
        "why_not": found.why_not,
        "steps": [
            {
                "step": each.step, "kind": each.kind, "at": each.at.isoformat(), "local": each.local.isoformat(),
                "zone": each.zone, "channel": each.channel, "words": each.words, "why_not": each.why_not,
            }
            for each in found.steps
        ],
    }  # fmt: skip


def shape(title: str | None = None, **properties: Schema) -> Schema:
    """An object of which nothing is left out."""
    made: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"title": title, **made} if title else made


def rows(item: Schema) -> Schema:
    return {"type": "array", "items": item}


TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}
LOCAL: Schema = TIME | {"description": "the same moment on the clock of the place"}
_LEVEL: Schema = {"type": "string", "enum": ["ready_made", "organization", "location"]}
_BRIEF = {
    "id": TEXT, "name": TEXT, "location_id": TEXT_OR_NULL,
    "status": {"type": "string", "enum": ["draft", "active", "paused", "archived"]}, "status_from": _LEVEL,
    "version_id": TEXT_OR_NULL | {"description": "whoever enrolls now begins on it; null: a draft without definition"},
    "definition_from": _LEVEL, "trigger": TEXT_OR_NULL,
    "locked": {"type": "boolean", "description": "no location's own form counts"},
    "version": NUMBER | {"description": "of the row under this id; 0: nobody has changed it"}, "versions": NUMBER,
}  # fmt: skip


def definition_schema() -> Schema:
    return Definition.model_json_schema()


def campaign_schema() -> Schema:
    definition: Schema = {"anyOf": [definition_schema(), {"type": "null"}]}
    return shape("Campaign", **_BRIEF, definition=definition)


def list_schema() -> Schema:
    return shape(items=rows(shape("CampaignBrief", **_BRIEF)))


def versions_schema() -> Schema:
    version = shape(
        "CampaignVersion", id=TEXT, campaign_id=TEXT, number=NUMBER | {"description": "0: the ready-made one"},
        made_by=TEXT, created_at={"type": ["string", "null"], "format": "date-time"}, definition=definition_schema(),
    )  # fmt: skip
    return shape(items=rows(version), next_cursor=TEXT_OR_NULL)


def preview_schema() -> Schema:
    step = shape(
        step=TEXT, kind={"type": "string", "enum": ["send", "wait", "branch", "task", "stop"]}, at=TIME, local=LOCAL,
        zone=TEXT, channel=TEXT_OR_NULL, words=TEXT_OR_NULL, why_not=TEXT_OR_NULL,
    )  # fmt: skip
    return shape("CampaignPreview", why_not=rows(TEXT), steps=rows(step))


def tested_schema() -> Schema:
    return shape(messages=rows(shape(steps=rows(TEXT), template=TEXT, message_id=TEXT)))
