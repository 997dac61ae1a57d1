"""The rewards that an approval makes: the advocate's, and the friend's where the terms give one."""

from collections.abc import Iterable
from dataclasses import dataclass

from moref.conversions.conditions import Sight, friends_share
from moref.conversions.model import Conversion
from moref.events import Event
from moref.kernel import ids
from moref.records import Create, Emit, Write, get
from moref.rewards import ledger
from moref.rewards.after_use import given_again
from moref.rewards.model import Reward
from moref.rewards.start_payout import listed
from moref.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Made:
    advocates: Reward | None
    friends: Reward | None

    def all(self) -> list[Reward]:
        return [reward for reward in (self.advocates, self.friends) if reward is not None]

    @property
    def total(self) -> int:
        return sum(reward.amount for reward in self.all())


def made(seen: Sight, friend_contact_id: str, **times: object) -> Made:
    """`times`: release_at and released_at. A friend who keeps a reward of an earlier approval gets no second one."""
    terms = seen.conversion.terms
    friend, share = terms.friend_reward, friends_share(seen)
    advocates = friends = None
    if seen.price.amount is not None:
        advocates = _reward(
            seen, "", contact_id=seen.advocate.contact_id, amount=seen.price.amount, kind=terms.reward_type,
            discount=terms.discount, words=terms.reward_words, **times,
        )  # fmt: skip
    if friend is not None and share:
        friends = _reward(
            seen, "friend", who="friend", contact_id=friend_contact_id, amount=share, kind=friend.reward_type,
            discount=friend.discount, words=friend.words, **times,
        )  # fmt: skip
    return Made(advocates, friends)


def friend_keeps(runtime: Runtime, before: Conversion, rewards: Made) -> list[Write]:
    """The friend keeps a reward of an earlier approval: what went of it with the job is theirs again."""
    if rewards.friends is not None or before.friend_reward_id is None:
        return []
    return given_again(runtime, get(runtime.store, Reward, before.organization_id, before.friend_reward_id))


def _reward(seen: Sight, tag: str, **fields: object) -> Reward:
    one, now = seen.conversion, seen.now
    parts = (one.organization_id, one.id, str(one.round), *filter(None, [tag]))
    rest = {
        "organization_id": one.organization_id, "id": ids.derived("rwd", *parts), "created_at": now, "updated_at": now,
        "advocate_id": seen.advocate.id, "conversion_id": one.id, "location_id": seen.location.id,
        "legal_entity_id": seen.location.legal_entity_id, "currency": one.terms.currency, "approved_at": now,
    }  # fmt: skip
    return Reward.model_validate(rest | fields)


def rewarding(runtime: Runtime, rewards: Iterable[Reward]) -> list[Write]:
    """Each with its accrual; released at once, or on the list that the reconcile job reads until it is."""
    writes: list[Write] = []
    for reward in rewards:
        now = reward.created_at
        writes += [Create(reward), ledger.book(reward, "accrued", now)]
        if reward.released_at is None:
            writes.append(listed(runtime, reward))
        else:
            data = {"conversion_id": reward.conversion_id}
            writes.append(Emit(Event("reward.released", reward.organization_id, reward.id, data), now))
    return writes
