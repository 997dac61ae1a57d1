"""What an advocate has agreed to or attested, and which tariff items are recorded."""

from datetime import datetime

from moref.kernel import ids
from moref.programs.model import TariffItem, TermsAcceptance
from moref.records import Store, every


def acceptance_id(organization_id: str, program_id: str, advocate_id: str, what: str, number: int) -> str:
    return ids.derived("acc", organization_id, program_id, advocate_id, what, str(number))


def has_accepted(store: Store, organization_id: str, program_id: str, advocate_id: str, number: int) -> bool:
    """Whether the advocate accepted that version of the text, or a later one."""
    id = acceptance_id(organization_id, program_id, advocate_id, "terms", number)
    if number == 0 or store.find(TermsAcceptance, organization_id, id) is not None:
        return True
    found = every(store, TermsAcceptance, organization_id, parent=advocate_id)
    return any(one.program_id == program_id and one.what == "terms" and one.number >= number for one in found)


def has_attested(store: Store, organization_id: str, program_id: str, advocate_id: str) -> bool:
    id = acceptance_id(organization_id, program_id, advocate_id, "attestation", 0)
    return store.find(TermsAcceptance, organization_id, id) is not None


def tariff_allows(store: Store, organization_id: str, at: datetime) -> bool:
    """Whether an item of the organization's tariff allowed value to an interstate shipper at that time."""
    items = every(store, TariffItem, organization_id, status="active")
    return any(item.valid_from <= at for item in items)
