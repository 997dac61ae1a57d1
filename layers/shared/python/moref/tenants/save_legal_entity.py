"""Creates and changes the payers of an organization. One EIN is one payer: a year's 1099 forms are counted by payer."""

from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Point, Store, Write, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import LegalEntityChanges, NewLegalEntity
from moref.tenants.model import LegalEntity

BY_EIN = "ein"  # look-up: EIN -> legal entities that have or had it


def create_legal_entity(
    runtime: Runtime, organization_id: str, id: str, form: NewLegalEntity, *, actor: str
) -> LegalEntity:
    """`id` is the caller's: derived from an idempotency key, a repeated call meets the first. Raises BadInput (ein)."""
    now, store = runtime.clock.now(), runtime.store
    _refuse_second(store, organization_id, id, form.ein)
    entity = LegalEntity(organization_id=organization_id, id=id, created_at=now, updated_at=now, **dict(form))
    audit = audited(now, organization_id, actor, "legal_entity.created", id)
    create_once(store, entity, *ein_points(organization_id, id, form.ein), audit)
    return get(store, LegalEntity, organization_id, id)


def change_legal_entity(
    runtime: Runtime, organization_id: str, id: str, changes: LegalEntityChanges, *, actor: str
) -> LegalEntity:
    """Raises Conflict when the caller's version is no longer current, NotFound, BadInput (ein)."""
    now, store, fields = runtime.clock.now(), runtime.store, changes.given()
    before = get(store, LegalEntity, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the legal entity is at version {before.version}")
    ein = fields.get("ein")
    _refuse_second(store, organization_id, id, ein)
    audit = audited(now, organization_id, actor, "legal_entity.changed", id, fields=",".join(sorted(fields)))
    store.commit(Change(before, before.changed(now, **fields)), *ein_points(organization_id, id, ein), audit)
    return get(store, LegalEntity, organization_id, id)


def _refuse_second(store: Store, organization_id: str, id: str, ein: str | None) -> None:
    if ein is None:
        return
    for other in store.lookup(organization_id, BY_EIN, ein):
        entity = store.find(LegalEntity, organization_id, other)
        if other != id and entity is not None and entity.ein == ein:
            raise BadInput(f"{entity.name} has this EIN", field="ein")


def ein_points(organization_id: str, id: str, ein: str | None) -> list[Write]:
    """So that a second payer with the same EIN is noticed."""
    return [Point(organization_id, BY_EIN, ein, id)] if ein else []
