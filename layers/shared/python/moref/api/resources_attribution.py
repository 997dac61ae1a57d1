"""What can be read of who referred whom."""

from moref.api.resource import PLACE, STATUS, Resource, words
from moref.referrals.model import Dispute, Referral, UnmatchedSource

REFERRAL = Resource(
    "referrals",
    Referral,
    words("advocate_id contact_id location_id code lead_id job_id status reason evidence"),
    "referred people and the evidence",
    STATUS | PLACE | {"advocate_id": "parent"},
)
UNMATCHED = Resource(
    "unmatched-sources",
    UnmatchedSource,
    words("job_id contact_id location_id why said advocate_ids status reason decided_by"),
    "customers said to be referred, of whom we cannot tell by whom",
    STATUS | PLACE | {"job_id": "parent"},
    ("source",),
)
DISPUTE = Resource(
    "disputes",
    Dispute,
    words(
        "advocate_id job_id location_id referral_id claim proof opened_by deadline status stage reason decided_by"
        " decided_at result_id"
    ),
    "claims of advocates: I referred them",
    STATUS | PLACE | {"advocate_id": "parent"},
    ("dispute",),
)
ATTRIBUTION_ROWS = (REFERRAL, UNMATCHED, DISPUTE)
