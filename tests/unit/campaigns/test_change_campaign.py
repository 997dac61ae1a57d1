"""What a change of a campaign brings into force is looked at again, and races lose nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from moref.campaigns.change_campaign import inherit_campaign, lock_campaign, move_campaign, rename_campaign
from moref.campaigns.check_saved import Faulty
from moref.campaigns.definition import Definition
from moref.campaigns.effective import effective
from moref.campaigns.model import Campaign
from moref.campaigns.save_campaign import create_campaign, save_definition
from moref.kernel.errors import Conflict, NotFound
from moref.messaging.template_model import Template, Wording
from moref.records import Create, get
from tests.unit.messaging.world import ORG, PLACE, World, world

BY = "mem_1"
TASK = Definition.model_validate(
    {"trigger": {"kind": "feedback_given"}, "first": "call", "steps": {"call": {"kind": "task", "words": "Call them"}}}
)
FORM = f"referral_request.{PLACE}"


def template(it: World, name: str, location: str | None, sms: str) -> None:
    now = it.clock.now()
    row = Template(
        organization_id=ORG, id=f"{name}.{location}" if location else name, created_at=now, updated_at=now, base=name,
        location_id=location, kind="marketing", name=name, wordings={"en": Wording(sms=sms)},
        version_id="v", versions=1,
    )  # fmt: skip
    it.store.commit(Create(row))


def with_own_form(review_link: bool = True) -> World:
    """The branch does without the invitation; its words would show the happy the review link."""
    it = world()
    save_definition(it.runtime, ORG, FORM, TASK, version=0, actor=BY)
    if review_link:
        template(it, "invite", PLACE, "{{ review_link }} {{ referral_link }}")
    return it


@pytest.mark.parametrize(
    "change",
    [
        lambda it: inherit_campaign(it.runtime, ORG, FORM, actor=BY),
        lambda it: lock_campaign(it.runtime, ORG, "referral_request", True, actor=BY),
    ],
    ids=["inherits", "locked"],
)
def test_what_would_be_unfair_at_a_branch_does_not_come_into_force_there(change: Callable[[World], None]) -> None:
    it = with_own_form()
    with pytest.raises(Faulty, match="review link"):
        change(it)
    assert effective(it.store, ORG, "referral_request", PLACE).definition_from == "location"
    change(with_own_form(review_link=False))


def test_unlocking_looks_at_the_forms_that_count_again() -> None:
    it = world()
    own = Definition.model_validate(
        {"trigger": {"kind": "job_completed"}, "first": "ask", "steps": {"ask": {"kind": "send", "template": "ours"}}}
    )
    template(it, "ours", None, "{{ company }}")
    save_definition(it.runtime, ORG, FORM, own, version=0, actor=BY)
    lock_campaign(it.runtime, ORG, "referral_request", True, actor=BY)
    it.change(Template, "ours", status="archived")
    with pytest.raises(Faulty, match=r"no template 'ours'"):
        lock_campaign(it.runtime, ORG, "referral_request", False, actor=BY)


def test_an_archived_campaign_comes_back_only_when_it_can_work() -> None:
    it = world()
    template(it, "ours", None, "{{ company }}")
    definition = Definition.model_validate(
        {"trigger": {"kind": "job_completed"}, "first": "ask", "steps": {"ask": {"kind": "send", "template": "ours"}}}
    )
    create_campaign(it.runtime, ORG, "cmp_1", name="Ours", definition=definition, copy_of=None, actor=BY)
    move_campaign(it.runtime, ORG, "cmp_1", "archive", actor=BY)
    it.change(Template, "ours", status="archived")
    with pytest.raises(Faulty):
        move_campaign(it.runtime, ORG, "cmp_1", "activate", actor=BY)
    it.change(Template, "ours", status="active")
    move_campaign(it.runtime, ORG, "cmp_1", "activate", actor=BY)
    assert effective(it.store, ORG, "cmp_1").status == "active"


class Raced:
    """A store in which others are faster, the first `times` commits."""

    def __init__(self, it: World, other: Callable[[int], None], times: int) -> None:
        self._store, self._other, self._left = it.store, other, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, *writes: Any) -> None:
        if self._left:
            self._left -= 1
            self._other(self._left)
        self._store.commit(*writes)


def test_a_pause_goes_through_while_others_change_the_row() -> None:
    it = world()

    def renamed(number: int) -> None:
        row = it.store.find(Campaign, ORG, "win_back")
        rename_campaign(it.runtime, ORG, "win_back", f"N{number}", version=row.version if row else 0, actor=BY)

    raced = replace(it.runtime, store=cast(Any, Raced(it, renamed, 3)))
    move_campaign(raced, ORG, "win_back", "pause", actor=BY)
    found = effective(it.store, ORG, "win_back")
    assert (found.status, found.name) == ("paused", "N0")


def test_a_form_is_not_saved_past_a_lock_of_the_same_moment() -> None:
    it = world()
    rename_campaign(it.runtime, ORG, "win_back", "Ours", version=0, actor=BY)
    raced = replace(
        it.runtime,
        store=cast(Any, Raced(it, lambda _: lock_campaign(it.runtime, ORG, "win_back", True, actor=BY), 1)),
    )
    with pytest.raises(Conflict):
        save_definition(raced, ORG, f"win_back.{PLACE}", TASK, version=0, actor=BY)
    assert it.store.find(Campaign, ORG, f"win_back.{PLACE}") is None
    assert get(it.store, Campaign, ORG, "win_back").locked_by == BY


@pytest.mark.parametrize("id", ["no_such", "win_back.", "win_back.loc_9", ".x", "win back"])
def test_what_is_no_campaign_is_not_found(id: str) -> None:
    it = world()
    with pytest.raises(NotFound):
        move_campaign(it.runtime, ORG, id, "pause", actor=BY)
    with pytest.raises(NotFound):
        save_definition(it.runtime, ORG, id, TASK, version=0, actor=BY)
