"""A lead that a partner sends, or staff for it. It goes to the company; the person is not written to because of it."""

from datetime import timedelta

from moref.kernel.errors import BadInput, Conflict
from moref.partners.model import Partner
from moref.records import get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, Lead, Referral, Submitter
from moref.referrals.request_quote import Quote, request_quote
from moref.runtime import Runtime

MOST_A_DAY = 50  # a partner's; more is a list, which staff import
DAY = timedelta(hours=24)
NO_CONSENT = "none"  # the version of a text that was not shown to the person


def submit(runtime: Runtime, partner: Partner, quote: Quote, *, by: Submitter) -> Lead:
    """The same form twice is one lead. Raises Conflict when the partner is not active, or sent too many today;
    BadInput when nobody could be reached."""
    if partner.status != "active" or partner.advocate_id is None:
        raise Conflict("the partner is not active")
    if quote.phone is None and quote.email is None:
        raise BadInput("a phone number or an e-mail address is needed", field="phone")
    org, now = partner.organization_id, runtime.clock.now()
    since = runtime.store.list(Referral, org, parent=partner.advocate_id, since=now - DAY, limit=MOST_A_DAY)
    if len(since.items) >= MOST_A_DAY:
        raise Conflict(f"{MOST_A_DAY} leads in a day are the most: send a list to the company instead")
    advocate = get(runtime.store, Advocate, org, partner.advocate_id)
    link = ensure_link(runtime, org, advocate.contact_id, partner.location_id)
    if link.moved_at is not None:
        raise Conflict("the branch belongs to another organization now: use the partner page that it gives you")
    return request_quote(runtime, link.id, quote, by=by)
