"""The owner pays: a payment page for who has no subscription, the customer portal for who has one.

Each opening of a payment page has a number of its own, and only one page is open at a time: nobody can subscribe twice.
"""

from datetime import timedelta

from moref.billing.account import Connect, connect
from moref.billing.follow_locations import active_locations
from moref.billing.model import BillingCustomer, Checkout, Subscription
from moref.billing.plans import plan_for
from moref.billing.ports import Order, Processor, Session
from moref.billing.refresh import refresh
from moref.billing.trial import running
from moref.kernel import ids
from moref.kernel.errors import Conflict, NeedsPerson
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Member, Organization
from moref.tenants.urls import web_address

# A trial that the processor is to respect ends 48 hours from now or later; a bit more, since time passes.
LEAST_TRIAL = timedelta(hours=49)


def start_checkout(
    runtime: Runtime, organization_id: str, return_url: str, *, actor: str, connect: Connect = connect
) -> str:
    """The address of the page. The plan follows from the number of active locations, at today's prices.

    Raises BadInput on an address that is not a public one; Conflict for an organization that is not billed, while a
    subscription runs, or when two start at once; what the processor raises.
    """
    web_address(return_url, stage=runtime.settings.stage, field="return_url")
    processor = connect(runtime)
    row = _known(runtime, organization_id, processor, actor)
    # The page opened before is closed first: whoever paid there meanwhile shows in what is fetched then.
    if row.checkout is not None and row.checkout.session_id is not None:
        processor.expire(row.checkout.session_id)
    fresh = refresh(runtime, organization_id, connect=lambda _: processor) or row
    if running(fresh):
        raise Conflict("a subscription runs already: plan and card are changed in the portal")
    return _open(runtime, fresh, return_url, processor, actor)


def open_portal(
    runtime: Runtime, organization_id: str, return_url: str, *, actor: str, connect: Connect = connect
) -> str:
    """The address of the portal, good for minutes. Raises BadInput, Conflict before anything was bought, what the
    processor raises."""
    web_address(return_url, stage=runtime.settings.stage, field="return_url")
    row = runtime.store.find(Subscription, organization_id, organization_id)
    if row is None or row.customer_id is None:
        raise Conflict("nothing was bought yet: a plan is chosen at POST /v1/billing/checkout")
    url = connect(runtime).portal(row.customer_id, return_url)
    runtime.store.commit(audited(runtime.clock.now(), organization_id, actor, "billing.portal_opened", organization_id))
    return url


def _known(runtime: Runtime, org: str, processor: Processor, actor: str) -> Subscription:
    """The row, with a customer at the processor."""
    organization = get(runtime.store, Organization, org, org)
    row = runtime.store.find(Subscription, org, org)
    if row is None or row.agreed:
        raise Conflict("your organization is not billed here: what it pays was agreed on with us")
    if row.customer_id is not None:
        return row
    now, email = runtime.clock.now(), _owner_email(runtime, org)
    # Another name or address is another customer: the same key with other content would be refused.
    key = ids.derived("key", org, "customer", organization.name, email or "")
    customer = processor.customer(org, organization.name, email, key=key)
    whose = BillingCustomer(organization_id=GLOBAL, id=customer, created_at=now, updated_at=now, owner_id=org)
    known = row.changed(now, customer_id=customer)
    runtime.store.commit(Change(row, known), Create(whose), audited(now, org, actor, "billing.customer_made", org))
    return get(runtime.store, Subscription, org, org)


def _owner_email(runtime: Runtime, org: str) -> str | None:
    members = every(runtime.store, Member, org)
    owners = sorted(member.email for member in members if (member.role, member.status) == ("owner", "active"))
    return owners[0] if owners else None


def _open(runtime: Runtime, row: Subscription, return_url: str, processor: Processor, actor: str) -> str:
    """The number first, then the call under it, then what came of it."""
    now, org = runtime.clock.now(), row.organization_id
    number = row.checkout.number + 1 if row.checkout else 1
    opening = row.changed(now, checkout=Checkout(number=number))
    runtime.store.commit(Change(row, opening), audited(now, org, actor, "billing.checkout_opened", org))
    count = max(1, active_locations(runtime.store, org))
    price = processor.price(plan_for(count, now))
    trial_end = row.trial_until if row.trial_until - now >= LEAST_TRIAL else None
    order = Order(org, row.customer_id or "", price, count, return_url, trial_end)
    session = processor.checkout(order, key=ids.derived("key", org, "checkout", str(number)))
    _keep(runtime, org, number, session, processor)
    if session.url is None:
        raise NeedsPerson("the processor opened a page without an address")
    return session.url


def _keep(runtime: Runtime, org: str, number: int, session: Session, processor: Processor) -> None:
    """Raises Conflict when another page was opened meanwhile: ours is closed again."""
    row = get(runtime.store, Subscription, org, org)
    if row.checkout is None or row.checkout.number != number:
        processor.expire(session.id)
        raise Conflict("another payment page was opened in this moment")
    kept = row.changed(runtime.clock.now(), checkout=Checkout(number=number, session_id=session.id))
    try:
        runtime.store.commit(Change(row, kept))
    except Conflict:
        processor.expire(session.id)
        raise
