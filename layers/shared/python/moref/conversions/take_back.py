"""An approved conversion whose job was undone, or counts again: what becomes of its rewards.

Not paid, they are reversed. Paid, they stay: a wrong attribution is the company's loss; after a cancellation the
advocate owes it only where the terms they accepted say so (rules.md "Money").
"""

from moref.conversions.changes import moved
from moref.conversions.judge import OUT
from moref.conversions.model import Conversion
from moref.records import Write, get
from moref.referrals.model import Referral
from moref.rewards import debts
from moref.rewards.lower import lower
from moref.rewards.model import Reward
from moref.rewards.reverse import keep, reverse, withdrawal
from moref.runtime import Runtime

ASKED = ", when the reward was already paid, used or asked for"


def take_back(runtime: Runtime, before: Conversion, referral: Referral, words: str, shown: list[Write]) -> None:
    """The friend's reward first: it goes alone, the advocate's takes the approval with it. Repeats find what is left.
    `shown`: the referral's writes. Raises NotFound; Conflict on lost races."""
    org, store, conversion = before.organization_id, runtime.store, before
    if before.friend_reward_id is not None:
        reverse(runtime, org, before.friend_reward_id, words)
        conversion = get(store, Conversion, org, before.id)
    if conversion.reward_id is None:
        store.commit(*withdrawal(runtime, conversion, words), *shown)
        return
    if reverse(runtime, org, conversion.reward_id, words):
        return
    if referral.status not in OUT and debts.allowed(
        store, org, conversion.program_id, conversion.advocate_id, conversion.terms
    ):
        reward = get(store, Reward, org, conversion.reward_id)
        debts.record(runtime, reward, cause="cancellation", words=words, actor="policy")
    if writes := moved(conversion, runtime.clock.now(), reason=f"{words}{ASKED}"):
        store.commit(*writes)


def stands_again(runtime: Runtime, conversion: Conversion, job_amount: int | None) -> None:
    """The job counts: a wish to reverse is forgotten, and so is a debt for its cancellation. A job that came to less
    lowers a share of it. Raises Conflict on lost races."""
    org = conversion.organization_id
    for id in filter(None, (conversion.reward_id, conversion.friend_reward_id)):
        keep(runtime, org, id)
    if (conversion.reason or "").endswith(ASKED) and conversion.reward_id is not None:
        reward = get(runtime.store, Reward, org, conversion.reward_id)
        debts.counts_again(runtime, reward, words="the job counts again")
        runtime.store.commit(*moved(conversion, runtime.clock.now(), reason=None))
        conversion = get(runtime.store, Conversion, org, conversion.id)
    lower(runtime, conversion, job_amount)
