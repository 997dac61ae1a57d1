"""Everything that is held of one person as one JSON file, merged rows included; nothing of others but their ids."""

import json
from collections.abc import Collection
from typing import Any

from moref.intake.model import Job
from moref.privacy.ask_export import file_key
from moref.privacy.inventory import INVENTORY
from moref.privacy.model import Export, ExportFile
from moref.privacy.person import Person, contact_ids
from moref.privacy.shown import shown
from moref.records import Entity
from moref.referrals.model import Dispute, Referral
from moref.runtime import Runtime

NAME = "person.json"
# Not theirs to see: what others said in confidence, and what would tell of another person.
_OF_FRIENDS = {"contact_id", "evidence", "reason"}
_OF_OTHERS = {
    "contact": {"person_keys", "household_keys"},
    "conversion": {"holds", "votes"},
    "unmatched_source": {"advocate_ids"},
}


def export_person(runtime: Runtime, export: Export) -> ExportFile:
    """The file, written. Repeating it writes it again."""
    org = export.organization_id
    ids = contact_ids(runtime, org, export.contact_id or "")
    rows = Person(runtime, org, ids).rows()
    found = {
        noun: [view(row, ids) for row in of_noun if _theirs(row, ids)]
        for noun, of_noun in sorted(rows.items())
        if INVENTORY[noun].exported
    }
    held = {noun: INVENTORY[noun].holds for noun, of_noun in found.items() if of_noun}
    body = {"contact_ids": ids, "made_at": runtime.clock.now().isoformat(), "held": held, "rows": found}
    text = json.dumps(body, ensure_ascii=False, indent=1)
    runtime.files.put(file_key(export, NAME), text.encode(), content_type="application/json")
    return ExportFile(name=NAME, rows=sum(len(of_noun) for of_noun in found.values()))


def view(row: Entity, contact_ids: Collection[str]) -> dict[str, Any]:
    hidden = _OF_OTHERS.get(row.noun, set())
    if isinstance(row, Referral) and row.contact_id not in contact_ids:
        hidden = hidden | _OF_FRIENDS
    return {name: value for name, value in shown(row).items() if name not in hidden}


def _theirs(row: Entity, contact_ids: Collection[str]) -> bool:
    """Found on the way, but of another person: the job of a friend who named them, a claim that another makes."""
    if isinstance(row, Job):
        return row.contact_id in contact_ids
    return not isinstance(row, Dispute) or row.opened_by == "advocate"
