"""What advocates were promised before and did not get yet: rewards without a conversion, booked and paid as any other.

Each is a Goodwill row of cause "import": above what one member may give, for one person or in the whole file, a second
member has to say yes. No budget pays for a promise that is older than it; the year's tax sum counts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moref.csv_table import Cells
from moref.imports import cells as cell
from moref.imports.model import Outcome
from moref.imports.persons import Person, columns, contact_of, person
from moref.imports.table import Frame, KindOf, about
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.programs.model import RewardType
from moref.referrals.ensure_link import ensure_link
from moref.rewards.goodwill import give
from moref.rewards.goodwill_model import Goodwill

MOST = 200_000  # as any reward (money.RewardAmount)
TYPES: tuple[RewardType, ...] = ("gift_card", "service_credit", "custom")
COLUMNS: dict[str, Sequence[str]] = {
    "external_id": ("reward id", "id"),
    **columns("advocate"),
    "amount": ("reward amount", "owed"),
    "currency": (),
    "reward_type": ("type",),
    "words": ("what", "description"),
    "reason": ("for", "note"),
    "tax_confirmed": ("tax details on file",),
    "location": ("branch",),
}
REQUIRED = (("advocate_phone", "advocate_email"), ("amount",))


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    advocate: Person
    amount: int
    currency: str
    reward_type: RewardType
    words: str | None
    reason: str
    tax_confirmed: bool
    location_id: str


def read(frame: Frame, cells: Cells) -> Row:
    who, place = person(cells, "advocate_"), frame.location(cells)
    money = cell.money(cells, "amount", frame.one.options.currency, needed=True)
    if money is None or not 1 <= money[0] <= MOST:
        raise BadInput("is nothing, or more than one reward may be", field="amount")
    words = cell.text(cells, "words") or None
    kind = next(each for each in TYPES if each == cell.one_of(cells, "reward_type", TYPES, "gift_card"))
    if (kind == "custom") != (words is not None):
        raise BadInput("what is handed over is said of a custom reward, and of no other", field="words")
    reason, external = cell.text(cells, "reason"), cell.text(cells, "external_id", 200)
    own = (external,) if external else (*who.key(), str(money[0]), money[1], kind, words or "", reason)
    return Row(
        id=ids.derived("gdw", frame.organization_id, "import", *own), advocate=who, amount=money[0],
        currency=money[1], reward_type=kind, words=words, reason=reason or "owed before the import",
        tax_confirmed=cell.yes_no(cells, "tax_confirmed") or False, location_id=place.id,
    )  # fmt: skip


def bring(frame: Frame, row: Row) -> Outcome:
    store, org = frame.runtime.store, frame.organization_id
    known = store.find(Goodwill, org, row.id)
    if known is None:
        advocate = contact_of(frame, row.advocate, row.location_id)
        link = ensure_link(frame.runtime, org, advocate.id, row.location_id)
        wish = Goodwill(
            organization_id=org, id=row.id, created_at=frame.now, updated_at=frame.now, advocate_id=link.advocate_id,
            location_id=row.location_id, amount=row.amount, currency=row.currency, reward_type=row.reward_type,
            words=row.words, reason=row.reason, tax_confirmed=row.tax_confirmed, asked_by=frame.one.started_by or "",
            cause="import",
        )  # fmt: skip
        give(frame.runtime, wish, together=frame.one.sums.get(row.currency, 0))
        return "created"
    if (known.amount, known.currency) != (row.amount, row.currency):
        raise Conflict("it was imported before with another amount, which stands")
    return "unchanged"


WORDS = (
    "What advocates were promised and did not get yet: booked and paid like any reward, once; larger sums "
    "wait for a second member."
)
KIND = KindOf(WORDS, COLUMNS, REQUIRED, read, bring, about(Goodwill), owed=lambda row: (row.currency, row.amount))
