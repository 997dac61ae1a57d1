"""A lead in words: the JSON that the CRM is posted, and the lines of the branch's e-mail."""

from typing import Any

from moref.intake.model import Address, Contact
from moref.kernel import codes
from moref.kernel.clock import iso
from moref.referrals.model import Lead

SOURCE = "Mo-ref referral"


def body(lead: Lead, contact: Contact) -> dict[str, Any]:
    """`lead.created`: the same on every retry. The CRM hands `lead_id` back with the job it makes of it."""
    return {
        "type": "lead.created",
        "timestamp": iso(lead.created_at),
        "data": {
            "lead_id": lead.id,
            "referral_id": lead.referral_id,
            "code": lead.code,
            "customer": {
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "phone": contact.phone,
                "email": contact.email,
            },
            "origin": _place(lead.origin),
            "destination": _place(lead.destination),
            "move_date": lead.move_date,
            "notes": lead.notes,
            "source": SOURCE,
        },
    }


def for_staff(lead: Lead, contact: Contact) -> dict[str, str]:
    """Merge fields; empty ones are left out by the template."""
    return {
        "name": f"{contact.first_name} {contact.last_name}".strip(),
        "phone": contact.phone or "",
        "email": contact.email or "",
        "moving_from": (lead.origin.postal_code if lead.origin else None) or "",
        "moving_to": (lead.destination.postal_code if lead.destination else None) or "",
        "move_date": lead.move_date or "",
        "notes": lead.notes,
        "referral_code": codes.display(lead.code),
        "lead": lead.id,
    }


def _place(address: Address | None) -> dict[str, Any] | None:
    return address.model_dump(exclude_none=True) if address else None
