"""How templates look in the API: the words that count, where they come from, what they take, what is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from moref.api.operation import Call, Schema
from moref.messaging.fields import FIELDS
from moref.messaging.template_model import Language, Template, Wording

if TYPE_CHECKING:
    from moref.messaging.lint_units import Finding
    from moref.messaging.sms_cost import SmsCost
    from moref.messaging.templates import Effective


def view(call: Call, found: "Effective", row: Template | None, location_id: str | None, title: str) -> dict[str, Any]:
    """`row` is the one that would be changed under this id; there need be none."""
    from moref.messaging.check_template import findings

    checked = findings(call.runtime, call.organization_id, found.name, found.kind, found.wordings)
    return {
        **brief(found, row, location_id, title),
        "wordings": _plain(found.wordings),
        "needs": sorted(found.needs()),
        "sms": costs(call, found.wordings),
        "findings": shown(checked),
    }


def brief(found: "Effective", row: Template | None, location_id: str | None, title: str) -> dict[str, Any]:
    return {
        "id": row.id if row else ".".join(filter(None, (found.name, location_id))),
        "name": title,
        "kind": found.kind,
        "location_id": location_id,
        "from": found.origin,
        "version_id": found.version_id,
        "languages": sorted(found.wordings),
        "channels": [*(["sms"] if found.has_sms else []), *(["email"] if found.has_email else [])],
        "locked": row.locked if row else False,
        "version": row.version if row else 0,
        "versions": row.versions if row else 0,
    }


def costs(call: Call, wordings: Mapping[Language, Wording]) -> dict[str, Any]:
    """By language, with the longest plausible values; only of words that are in order."""
    from moref.messaging.grammar import parse
    from moref.messaging.lint_rules import longest_text
    from moref.messaging.sms_cost import sms_cost

    day = call.runtime.clock.now().date()
    return {
        language: cost_view(sms_cost(longest_text(wording.sms, language), day))
        for language, wording in wordings.items()
        if wording.sms and not parse(wording.sms).faults
    }


def cost_view(cost: "SmsCost") -> dict[str, Any]:
    return {**asdict(cost), "forced_by": list(cost.forced_by), "currency": "USD"}


def shown(found: "Iterable[Finding]", prefix: str = "wordings.") -> list[dict[str, Any]]:
    return [{**asdict(each), "field": place(each, prefix)} for each in found]


def place(finding: "Finding", prefix: str = "wordings.") -> str:
    return finding.field if finding.field.startswith("campaigns.") else prefix + finding.field


def fields_view() -> list[dict[str, Any]]:
    return [
        {"name": name, "words": field.words, "needs_fallback": field.may_be_empty, "sample": field.sample}
        for name, field in FIELDS.items()
    ]


def _plain(wordings: Mapping[Language, Wording]) -> dict[str, Any]:
    return {language: wording.model_dump() for language, wording in wordings.items()}


def _object(title: str | None = None, **properties: Schema) -> Schema:
    made: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"title": title, **made} if title else made


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_COST = _object(
    "SmsCost", segments=_NUMBER, encoding={"type": "string", "enum": ["GSM-7", "UCS-2"]},
    forced_by={"type": "array", "items": _TEXT, "description": "the characters that force UCS-2"},
    cost_micros={"type": "integer", "description": "millionths of the currency, without carrier fees"},
    cost_micros_most={"type": "integer", "description": "with the dearest carrier's fee"}, prices_from=_TEXT,
    currency=_TEXT,
)  # fmt: skip
_FINDING = _object(
    "TemplateFinding", field=_TEXT, line=_NUMBER, words=_TEXT,
    severity={"type": "string", "enum": ["error", "warning"]},
)  # fmt: skip
_WORDING = _object(
    "TemplateWords", sms=_TEXT, subject=_TEXT, body=_TEXT, button=_TEXT, button_link={"type": ["string", "null"]}
)
_BRIEF = {
    "id": _TEXT, "name": _TEXT, "kind": {"type": "string", "enum": ["marketing", "service", "keyword", "staff"]},
    "location_id": {"type": ["string", "null"]},
    "from": {"type": "string", "enum": ["builtin", "organization", "location"]},
    "version_id": _TEXT, "languages": {"type": "array", "items": _TEXT}, "channels": {"type": "array", "items": _TEXT},
    "locked": {"type": "boolean"},
    "version": {"type": "integer", "description": "of the row under this id; 0: it has not been changed"},
    "versions": _NUMBER,
}  # fmt: skip
_BY_LANGUAGE: Schema = {"type": "object", "additionalProperties": _COST}
FINDINGS: Schema = {"type": "array", "items": _FINDING}


def template_schema() -> Schema:
    return _object(
        "Template", **_BRIEF, wordings={"type": "object", "additionalProperties": _WORDING},
        needs={"type": "array", "items": _TEXT}, sms=_BY_LANGUAGE, findings=FINDINGS,
    )  # fmt: skip


def list_schema() -> Schema:
    field = _object(name=_TEXT, words=_TEXT, needs_fallback={"type": "boolean"}, sample=_TEXT)
    return _object(items={"type": "array", "items": _object("TemplateBrief", **_BRIEF)},
                   fields={"type": "array", "items": field})  # fmt: skip


def lint_schema() -> Schema:
    return _object(findings=FINDINGS, sms=_BY_LANGUAGE)


def render_schema() -> Schema:
    text: Schema = {**_object(text=_TEXT, cost=_COST), "type": ["object", "null"]}
    mail: Schema = {**_object(subject=_TEXT, text=_TEXT, html=_TEXT), "type": ["object", "null"]}
    return _object(language=_TEXT, sms=text, email=mail)


def sent_schema() -> Schema:
    return _object(message_id=_TEXT)
