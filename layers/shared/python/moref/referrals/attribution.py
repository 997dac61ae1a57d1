"""Which referral a job belongs to when there is evidence for several. Pure; the rule is design.md's "Attribution":

the earliest documented evidence wins; within one intake or one hour the stronger kind decides; all evidence is kept.
The answer does not depend on the order in which evidence was heard of.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from moref.referrals.model import Evidence, EvidenceKind, Referral

CLOSE = timedelta(hours=1)
STRENGTH: tuple[EvidenceKind, ...] = (
    "code_at_intake", "quote_form", "lead_submitted", "person_match", "staff", "import", "name_mention",
)  # fmt: skip


def winner(evidence: Iterable[Evidence]) -> Evidence | None:
    """The deciding piece; None when there is none."""
    pieces = sorted(evidence, key=_order)
    if not pieces:
        return None
    earliest = pieces[0]
    close = [
        piece for piece in pieces if piece.at - earliest.at <= CLOSE or piece.source_id == earliest.source_id
    ]  # one source is one intake
    return min(close, key=lambda piece: (STRENGTH.index(piece.kind), *_order(piece)))


def choose(referrals: Sequence[Referral]) -> Referral | None:
    """The referral that holds the deciding evidence; a tie down to the last field goes to the smaller id."""
    deciding = winner(piece for referral in referrals for piece in referral.evidence)
    holders = [referral for referral in referrals if deciding in referral.evidence]
    return min(holders, key=lambda referral: referral.id, default=None)


def with_evidence(known: Sequence[Evidence], piece: Evidence) -> list[Evidence]:
    """Appends a piece unless the same claim (kind, source, code) is known: it keeps the time it was first heard at.

    Staff may say of the same referral once more that it happened earlier, when proof has come to light.
    """
    same = [old for old in known if (old.kind, old.source_id, old.code) == (piece.kind, piece.source_id, piece.code)]
    if same and (piece.kind != "staff" or min(old.at for old in same) <= piece.at):
        return list(known)
    return [*known, piece]


def _order(piece: Evidence) -> tuple[object, ...]:
    return (piece.at, STRENGTH.index(piece.kind), piece.source_id, piece.code or "")
