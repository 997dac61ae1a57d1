"""On reward.released: freezes who is paid what, from which account, before any provider is asked. A reward that is no
gift card is granted instead (kinds/)."""

from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel import plugins
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Emit, get
from moref.rewards import debts
from moref.rewards.model import OpenPayout, Payout, Reward, payout_id
from moref.rewards.release import release
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount

PROVIDER = "tremendous"
KINDS = "moref.rewards.kinds"
NO_ACCOUNT = "no gift card account is connected"
NO_ADDRESS = "the advocate has neither e-mail nor phone"


def start_payout(runtime: Runtime, organization_id: str, reward_id: str) -> Payout | None:
    """The reward's payout, made now if need be. None when the reward is not to be paid, or cannot be frozen yet.

    In the latter case the reward says why and stays on the reconcile job's list, so it starts once that is mended.
    Raises NotFound; Conflict when somebody changed the reward meanwhile (redelivery decides again).
    """
    store = runtime.store
    found = store.find(Payout, organization_id, payout_id(organization_id, reward_id))
    if found is not None:
        return found
    reward = _due(runtime, get(store, Reward, organization_id, reward_id))
    if reward is None:
        return None
    if reward.kind != "gift_card":
        plugins.load(KINDS, reward.kind).grant(runtime, reward)
        return None
    account = store.find(VendorAccount, organization_id, PROVIDER)
    contact = current(store, organization_id, reward.contact_id)  # what is known of the person now, also after a merge
    if account is None or contact is None or not (contact.email or contact.phone):
        _blocked(runtime, reward, NO_ACCOUNT if account is None else NO_ADDRESS)
        return None
    return _freeze(runtime, reward, account, contact)


def _due(runtime: Runtime, reward: Reward) -> Reward | None:
    """Released, not taken back, and less what its advocate owes; None when nothing is to be paid."""
    if reward.status != "pending" or reward.revoke_reason is not None:
        return None
    if reward.released_at is None:
        release(runtime, reward.organization_id, reward.id)  # when its schedule was lost; its event starts the payout
        return None
    reward = debts.kept_back(runtime, reward)
    return reward if reward.status == "pending" else None


def _freeze(runtime: Runtime, reward: Reward, account: VendorAccount, contact: Contact) -> Payout:
    now, org = runtime.clock.now(), reward.organization_id
    email = _email(contact)
    payout = Payout(
        organization_id=org,
        id=payout_id(org, reward.id),
        created_at=now,
        updated_at=now,
        reward_id=reward.id,
        location_id=reward.location_id,
        provider=PROVIDER,
        vendor_account_id=account.id,
        amount=reward.payable,
        currency=reward.currency,
        recipient_name=f"{contact.first_name} {contact.last_name}".strip(),
        recipient_email=email,
        recipient_phone=None if email else contact.phone,
        campaign_id=account.config.get("campaign_id"),
        funding_source_id=account.config.get("funding_source_id", "BALANCE"),
    )
    data = {"status": payout.status, "previous_status": None, "reward_id": reward.id}
    told = Emit(Event("payout.changed", org, payout.id, data), now)
    rows = () if runtime.store.find(OpenPayout, GLOBAL, payout.id) else (listed(runtime, reward),)
    # A reward reversed or lowered in this very moment makes this a Conflict; afterwards its amount stands.
    frozen = Change(reward, reward.changed(now, frozen_at=now, reason=None))
    runtime.store.commit(Create(payout), frozen, *rows, told)
    return get(runtime.store, Payout, org, payout.id)


def _email(contact: Contact) -> str | None:
    """One address only decides how the gift card is delivered: e-mail, unless only a form, filled in by somebody we do
    not know, brought it, while the phone is the CRM's."""
    only_a_form = "email" not in contact.known_at and "phone" in contact.known_at
    return None if only_a_form and contact.phone else contact.email


def _blocked(runtime: Runtime, reward: Reward, reason: str) -> None:
    known = runtime.store.find(OpenPayout, GLOBAL, payout_id(reward.organization_id, reward.id))
    runtime.metrics.count("payout_needs_person")
    if known is not None and reward.reason == reason:
        return
    writes = [] if known else [listed(runtime, reward)]
    runtime.store.commit(Change(reward, reward.changed(runtime.clock.now(), reason=reason)), *writes)


def listed(runtime: Runtime, reward: Reward) -> Create:
    """The reward's place on the list that the reconcile job reads."""
    now = runtime.clock.now()
    return Create(
        OpenPayout(
            organization_id=GLOBAL,
            id=payout_id(reward.organization_id, reward.id),
            created_at=now,
            updated_at=now,
            owner_id=reward.organization_id,
            reward_id=reward.id,
        )
    )
