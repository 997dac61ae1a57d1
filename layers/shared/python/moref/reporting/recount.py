"""The counters once more, from nothing but messages and referrals: what the funnel must show.

Reads everything there is: for tests, and for a doubt about one organization.
"""

from collections import defaultdict
from datetime import UTC

from moref.campaigns.model import Enrollment
from moref.messaging.model import Message
from moref.records import Store, every
from moref.referrals.model import Referral
from moref.reporting.counters import ALL
from moref.reporting.model import FunnelDay, Stage
from moref.reporting.stages import came_at, credited, left, sent_at, stages, worth

Key = tuple[str, str, str, str]  # campaign, location, day, "<step>.<channel>"


def recount(store: Store, organization_id: str) -> dict[Key, dict[Stage, int]]:
    """Zeros are left out."""
    messages = [message for message in every(store, Message, organization_id) if left(message)]
    quoted, booked = _credits(messages, every(store, Referral, organization_id))
    found: dict[Key, dict[Stage, int]] = defaultdict(lambda: defaultdict(int))
    for message in messages:
        enrollment = store.find(Enrollment, organization_id, message.enrollment_id or "")
        sent = sent_at(message)
        if enrollment is None or sent is None:
            continue
        day = sent.astimezone(UTC).date().isoformat()
        key = (enrollment.campaign_id, message.location_id, day, f"{message.step}.{message.channel}")
        for stage in stages(message, quoted=quoted[message.id], booked=booked[message.id]):
            found[key][stage] += 1
    return {key: dict(counts) for key, counts in found.items()}


def counted(store: Store, organization_id: str) -> dict[Key, dict[Stage, int]]:
    """The same of the counters as they stand, by location."""
    found = {}
    for row in every(store, FunnelDay, organization_id):
        if row.location_id == ALL:
            continue
        for name, counts in row.counts.items():
            left_over: dict[Stage, int] = {stage: number for stage, number in counts.items() if number}
            if left_over:
                found[row.campaign_id, row.location_id, row.day, name] = left_over
    return found


def _credits(messages: list[Message], referrals: list[Referral]) -> tuple[dict[str, int], dict[str, int]]:
    quoted: dict[str, int] = defaultdict(int)
    booked: dict[str, int] = defaultdict(int)
    for referral in referrals:
        by_link = [message for message in messages if message.link_code == referral.code]
        message = credited(by_link, came_at(referral))
        if message is not None:
            asked, sold = worth(referral)
            quoted[message.id] += asked
            booked[message.id] += sold
    return quoted, booked
