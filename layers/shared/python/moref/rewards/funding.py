"""Whether the account that rewards are paid from has money: what is told when it has none, once, and what is foreseen.

ok -> low (a forecast) -> short (the provider refused an order) -> ok (an order went through, or money came in)
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from moref.kernel import ids
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict, Failure
from moref.kernel.money import Money
from moref.messaging.plan_message import planned
from moref.records import Change, Create, Entity, Store, Write, every
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Entry, Payout, Reward
from moref.rewards.ports import Connect
from moref.runtime import Runtime
from moref.tenants.model import Location, VendorAccount

NO_MONEY = "insufficient_funds"  # the reason of a payout that waits for it
WARN_DAYS = 7
BURN_DAYS = 28
EVERY = timedelta(hours=6)  # between forecasts


class Funding(Entity):
    """id is the vendor account's. Amounts in minor units of `currency`, as of `checked_at`."""

    noun: ClassVar[str] = "funding"

    status: Literal["ok", "low", "short"] = "ok"
    since: AwareDatetime
    currency: str | None = None
    balance: int | None = None  # None: the provider does not tell (invoiced accounts)
    waiting: int = 0  # approved and not yet paid
    daily: int = 0  # paid a day, over the last 28
    days_left: int | None = None  # None: nothing is paid, or the balance is not told
    checked_at: AwareDatetime | None = None

    def waits(self) -> tuple[str, datetime] | None:
        return ("funding", self.since) if self.status != "ok" else None


def refused(runtime: Runtime, payout: Payout) -> None:
    """The provider refused an order for lack of money: staff of its branch hear of it once until there is some."""
    _turn(runtime, payout.organization_id, payout.vendor_account_id, "short", payout.location_id)


def went_through(runtime: Runtime, organization_id: str, account_id: str) -> None:
    """An order was accepted, or money came in."""
    before = runtime.store.find(Funding, organization_id, account_id)
    if before is not None and before.status == "short":
        _turn(runtime, organization_id, account_id, "ok", None)


def forecast(runtime: Runtime, organization_id: str, account_id: str, connect: Connect = connect_account) -> None:
    """Reads the balance at most every six hours, and tells staff once when it will not last a week.

    A provider that does not answer changes nothing; the next round asks again.
    """
    before, now = runtime.store.find(Funding, organization_id, account_id), runtime.clock.now()
    if before is not None and before.checked_at is not None and now - before.checked_at < EVERY:
        return
    account = runtime.store.find(VendorAccount, organization_id, account_id)
    if account is None or account.status != "active":
        return
    try:
        provider = connect(runtime, organization_id, account_id)
        told = provider.balance(account.config.get("funding_source_id", "BALANCE"))
    except Failure:
        return
    currency = told.currency if told else "USD"
    waiting, daily = _waiting(runtime.store, organization_id, currency), _daily(runtime, organization_id, currency)
    left = None if told is None or not daily else max(0, (told.amount - waiting) // daily)
    low = told is not None and (waiting > told.amount or (left is not None and left < WARN_DAYS))
    status = "short" if before is not None and before.status == "short" and low else "low" if low else "ok"
    seen = {
        "currency": currency, "balance": told.amount if told else None, "waiting": waiting, "daily": daily,
        "days_left": left, "checked_at": now,
    }  # fmt: skip
    place = _place(runtime.store, organization_id)
    _turn(runtime, organization_id, account_id, status, place, **seen)


def _turn(
    runtime: Runtime, organization_id: str, account_id: str, status: str, location_id: str | None, **seen: object
) -> None:
    """A turn for the worse tells staff, in the commit that makes it. Somebody else's turn meanwhile counts as well."""
    store, now = runtime.store, runtime.clock.now()
    before = store.find(Funding, organization_id, account_id)
    if before is not None and before.status == status and not seen:
        return
    base = before or Funding(organization_id=organization_id, id=account_id, created_at=now, updated_at=now, since=now)
    turned = base.status != status
    after = base.changed(now, status=status, since=now if turned else base.since, **seen)
    writes: list[Write] = [Create(after) if before is None else Change(before, after)]
    if turned and status != "ok" and location_id is not None:
        writes += _message(runtime, after, location_id)
    try:
        store.commit(*writes)
    except Conflict:
        return


def _message(runtime: Runtime, funding: Funding, location_id: str) -> Sequence[Write]:
    fields = {}
    if funding.balance is not None and funding.currency is not None:
        fields["balance"] = Money(max(0, funding.balance), funding.currency).for_people()
        fields["waiting_rewards"] = Money(funding.waiting, funding.currency).for_people()
    return planned(
        runtime,
        funding.organization_id,
        cause=ids.derived("funding", funding.id, funding.status, iso(funding.since)),
        template=f"funding_{funding.status}",
        kind="staff",
        location_id=location_id,
        contact=None,
        fields=fields,
    )


def _waiting(store: Store, organization_id: str, currency: str) -> int:
    """Every reward that was approved and is not paid: those with a payout under way, and those before it."""
    rewards = every(store, Reward, organization_id, status="pending")
    return sum(one.payable for one in rewards if one.currency == currency and one.kind == "gift_card")


def _daily(runtime: Runtime, organization_id: str, currency: str) -> int:
    since = runtime.clock.now() - timedelta(days=BURN_DAYS)
    entries = every(runtime.store, Entry, organization_id, since=since)
    paid = [one for one in entries if one.step == "accepted" and one.currency == currency]
    return sum(line.amount for one in paid for line in one.lines if line.amount > 0) // BURN_DAYS


def _place(store: Store, organization_id: str) -> str | None:
    """The branch whose staff are told: the oldest one, where an organization began."""
    branches = every(store, Location, organization_id, status="active")
    return min(branches, key=lambda one: one.created_at).id if branches else None
