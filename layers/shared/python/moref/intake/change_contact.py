"""Changes what a contact prefers: staff through the API, the person on their own page."""

from typing import Literal

from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
Language = Literal["en", "es"]


def change_language(
    runtime: Runtime, organization_id: str, id: str, language: Language, *, version: int | None, actor: str | None
) -> Contact:
    """`actor` is the member; None is the person. Without a `version` the last one wins. Raises NotFound, Conflict."""
    for _ in range(TRIES):
        now, before = runtime.clock.now(), get(runtime.store, Contact, organization_id, id)
        if version is not None and before.version != version:
            raise Conflict(f"the contact is at version {before.version}")
        by = "person" if actor is None else "staff"
        writes: list[Write] = [Change(before, before.changed(now, language=language, language_by=by))]
        if actor is not None:
            writes.append(audited(now, organization_id, actor, "contact.changed", id, fields="language"))
        try:
            runtime.store.commit(*writes)
        except Conflict:
            if version is not None:
                raise
            continue
        return get(runtime.store, Contact, organization_id, id)
    raise Conflict("the contact is being changed by others")
