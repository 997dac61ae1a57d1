"""A discount code: made and told in one commit, redeemed at most once (redeem.py), ended by its day (expire.py)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from moref.kernel import codes
from moref.kernel.errors import Conflict
from moref.kernel.money import Money
from moref.programs.model import Discount
from moref.records import Change, Create, Write, get
from moref.rewards import ledger
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.kinds.base import Taken, issued, telling
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.runtime import Runtime


def grant(runtime: Runtime, reward: Reward) -> None:
    """Raises Conflict when the reward changes in this moment: then nothing was made, also no code."""
    now, worth = runtime.clock.now(), reward.discount or Discount()
    code = DiscountCode(
        organization_id=reward.organization_id, id=codes.new(), created_at=now, updated_at=now, reward_id=reward.id,
        contact_id=reward.contact_id, location_id=reward.location_id, legal_entity_id=reward.legal_entity_id,
        amount=reward.payable, basis_points=worth.basis_points, currency=reward.currency,
        valid_until=now + timedelta(days=worth.valid_days),
    )  # fmt: skip
    runtime.store.commit(
        Create(code),
        *issued(runtime, reward, now, code=code.id),
        ledger.book(reward, "code_granted", now),
        *telling(runtime, reward, "discount_code", _fields(code)),
    )


def take_back(runtime: Runtime, reward: Reward, reason: str) -> Taken | None:
    """As long as nobody has used it. Raises Conflict when somebody did in this moment."""
    code = get(runtime.store, DiscountCode, reward.organization_id, reward.code or "")
    if code.status != "active":
        raise Conflict(f"the code is {code.status}")
    now = runtime.clock.now()
    return [
        *moved(reward, now, status="reversed", reason=reason, revoke_reason=None),
        Change(code, code.changed(now, status="revoked")),
        ledger.book(reward, "code_released", now, amount=code.amount, turn=f"unused-{reward.version}"),
    ], True


def told_by(runtime: Runtime, reward: Reward) -> tuple[str, Mapping[str, str]] | None:
    return "discount_code", _fields(get(runtime.store, DiscountCode, reward.organization_id, reward.code or ""))


def ending(code: DiscountCode, reward: Reward, now: datetime) -> list[Write]:
    """The writes of a code whose day has come."""
    return [
        Change(code, code.changed(now, status="expired")),
        *moved(reward, now, status="expired", reason=f"not used by {day(code)}"),
        ledger.book(reward, "code_released", now, amount=code.amount, turn=f"unused-{reward.version}"),
    ]


def _fields(code: DiscountCode) -> dict[str, str]:
    """The last day is told as the last one that is whole, so that nobody comes too late in their own time zone."""
    most = Money(code.amount, code.currency).for_people()
    return {"discount_code": codes.display(code.id), "discount": worth(code, most), "valid_until": day(code)}


def worth(code: DiscountCode, most: str) -> str:
    """`$25`, `10 % (at most $50)`."""
    if code.basis_points is None:
        return most
    percent = f"{code.basis_points / 100:g}"
    return f"{percent} % (at most {most})"


def day(code: DiscountCode) -> str:
    return (code.valid_until - timedelta(days=1)).date().isoformat()
