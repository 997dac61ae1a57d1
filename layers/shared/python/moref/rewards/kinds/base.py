"""What the kinds share: giving a reward to the person, and telling them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel import plugins
from moref.messaging.plan_message import planned
from moref.records import Write
from moref.rewards.model import Reward, payout_id
from moref.rewards.moves import moved
from moref.rewards.outcomes import closing
from moref.runtime import Runtime

Taken = tuple[Sequence[Write], bool]  # the writes, and whether the whole reward came back


class Kind(Protocol):
    def grant(self, runtime: Runtime, reward: Reward) -> None: ...

    def take_back(self, runtime: Runtime, reward: Reward, reason: str) -> Taken | None: ...

    def told_by(self, runtime: Runtime, reward: Reward) -> tuple[str, Mapping[str, str]] | None:
        """The template that tells the person, and its fields; None when staff tell them."""


def kind_of(reward: Reward) -> Any:
    """Raises NotFound for a gift card: it is paid by the payout machine."""
    return plugins.load("moref.rewards.kinds", reward.kind)


def issued(runtime: Runtime, reward: Reward, now: datetime, **fields: Any) -> list[Write]:
    """It is the person's now, and off the list that the reconcile job reads."""
    writes = moved(reward, now, status="issued", issued_at=now, frozen_at=now, reason=None, **fields)
    return writes + closing(runtime, payout_id(reward.organization_id, reward.id), now)


def telling(runtime: Runtime, reward: Reward, template: str, fields: Mapping[str, str]) -> Sequence[Write]:
    """A message to whoever gets the reward, once for each time it is told. Nothing for a person who is not there."""
    contact: Contact | None = current(runtime.store, reward.organization_id, reward.contact_id)
    if contact is None or not (contact.email or contact.phone):
        return ()
    return planned(
        runtime, reward.organization_id, cause=f"{reward.id}.told.{reward.told}", template=template, kind="service",
        location_id=reward.location_id, contact=contact, fields=fields,
    )  # fmt: skip
