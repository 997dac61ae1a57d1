"""A contact's consents put together: every proof once, and of what a CRM's field says only the changes."""

from collections.abc import Iterable
from datetime import datetime

from moref.intake.model import Consent
from moref.tenants.model import Attestation

ATTESTED = "CRM field"  # how the source of a consent begins that stands on the organization's attestation


def attested(connection_id: str, attestation: Attestation, *, agreed: bool, at: datetime) -> Consent:
    """What the CRM's field says, under the organization's word for what a ticked box means; `text_version` is the date
    of that word, and the source is the same under a later one."""
    return Consent(
        channel="sms",
        text=attestation.text,
        at=at,
        source=f"{ATTESTED} of {connection_id}, attested by the organization",
        text_version=attestation.at.date().isoformat(),
        withdrawn=not agreed,
    )


def joined(known: Iterable[Consent], said: Iterable[Consent]) -> list[Consent]:
    """Oldest first. A field is told with every notice: of a run of yes its first stays, of a run of no its last, so
    that a yes which is heard late never counts after a no."""
    heard = sorted([*known, *said], key=lambda each: each.withdrawn)  # of two at one instant the no counts
    every = {(each.at, each.channel, each.source, each.text, each.text_version, each.history): each for each in heard}
    found: list[Consent] = []
    runs: dict[tuple[str, str, bool], int] = {}  # source and channel -> place of the run's consent in `found`
    for consent in (every[key] for key in sorted(every)):
        field = (consent.source, consent.channel, consent.history)
        place = runs.get(field)
        if consent.source.startswith(ATTESTED) and place is not None and found[place].withdrawn == consent.withdrawn:
            if consent.withdrawn:
                found[place] = consent
            continue
        runs[field] = len(found)
        found.append(consent)
    return sorted(found, key=lambda each: each.at)
