"""Templates are saved, inherited, locked, reverted and archived; a message keeps the words it was planned with."""

from typing import Any

import pytest

from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.check_saved import Faulty
from moref.campaigns.definition import Definition
from moref.campaigns.fairness import check_campaigns
from moref.campaigns.model import Campaign, CampaignVersion
from moref.campaigns.save_campaign import save_definition
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.messaging.check_template import Refused
from moref.messaging.model import MessageClass
from moref.messaging.review_links import has_review_link
from moref.messaging.save_template import archive_template, change_template, revert_template, save_template
from moref.messaging.template_model import Language, Template, TemplateVersion, Wording
from moref.messaging.templates import effective
from moref.records import Create, every, get
from moref.rewards.model import AuditRow
from moref.tenants.model import Location
from tests.unit.messaging.world import ORG, PERSON, PLACE, World, world

WHO = "mem_1"


def words(text: str, **es: str) -> dict[Language, Wording]:
    made: dict[Language, Wording] = {"en": Wording(sms=f"{{{{ company }}}}: {text} {{{{ opt_out }}}}")}
    if es:
        made["es"] = Wording(**es)
    return made


def save(it: World, id: str, text: str, version: int = 0, **over: Any) -> Template:
    return save_template(it.runtime, ORG, id, words(text), version=version, actor=WHO, **over)


def sms(it: World, name: str, location_id: str | None = PLACE) -> str:
    return effective(it.store, ORG, name, location_id).wordings["en"].sms


def campaign(it: World, id: str, *, status: Any = "active", **definition: Any) -> None:
    """A stored one of the organization."""
    now = it.clock.now()
    base: Any = {"organization_id": ORG, "created_at": now, "updated_at": now}
    it.store.commit(
        Create(Campaign(**base, id=id, base=id, status=status, version_id=f"{id}.1", versions=1)),
        Create(
            CampaignVersion(
                **base, id=f"{id}.1", campaign_id=id, number=1, made_by=WHO,
                definition=Definition.model_validate(definition),
            )
        ),
    )  # fmt: skip


def gated(template: str) -> dict[str, Any]:
    """Sends the template to happy customers only."""
    return {
        "trigger": {"kind": "feedback_given", "when": {"happy": True}},
        "first": "a",
        "steps": {"a": {"kind": "send", "template": template}},
    }


def test_a_location_inherits_until_it_has_its_own_form_and_a_lock_takes_that_away() -> None:
    it = world()
    assert effective(it.store, ORG, "remind", PLACE).origin == "builtin"
    own = save(it, "remind", "the organization says")
    assert "the organization says" in sms(it, "remind")
    save(it, f"remind.{PLACE}", "the branch says")
    assert "the branch says" in sms(it, "remind")
    assert "the organization says" in sms(it, "remind", "loc_other")
    locked = change_template(it.runtime, ORG, "remind", version=own.version, actor=WHO, locked=True)
    assert "the organization says" in sms(it, "remind")
    with pytest.raises(Conflict):
        save(it, f"remind.{PLACE}", "again", version=1)
    change_template(it.runtime, ORG, "remind", version=locked.version, actor=WHO, locked=False)
    assert "the branch says" in sms(it, "remind")


def test_a_built_in_can_be_locked_without_being_changed() -> None:
    it = world()
    save(it, f"remind.{PLACE}", "the branch says")
    change_template(it.runtime, ORG, "remind", version=0, actor=WHO, locked=True)
    assert effective(it.store, ORG, "remind", PLACE).origin == "builtin"


def test_reverting_goes_back_to_a_version_or_to_the_built_in() -> None:
    it = world()
    first = save(it, "remind", "one")
    second = save(it, "remind", "two", version=first.version)
    third = revert_template(it.runtime, ORG, "remind", version=second.version, actor=WHO, number=1)
    assert ("one" in sms(it, "remind"), third.versions) == (True, 3)
    revert_template(it.runtime, ORG, "remind", version=third.version, actor=WHO, number=None)
    assert effective(it.store, ORG, "remind").origin == "builtin"
    assert [row.number for row in every(it.store, TemplateVersion, ORG, parent="remind", newest_first=False)] == [
        1,
        2,
        3,
    ]


def test_every_change_is_audited() -> None:
    it = world()
    row = save(it, "remind", "one")
    archive_template(it.runtime, ORG, "remind", version=row.version, actor=WHO)
    actions = {row.action for row in every(it.store, AuditRow, ORG)}
    assert actions == {"template.saved", "template.archived"}


def test_whoever_read_an_old_version_is_told() -> None:
    it = world()
    save(it, "remind", "one")
    for wrong in (0, 2):
        with pytest.raises(Conflict):
            save(it, "remind", "two", version=wrong)


def test_ones_own_template_needs_a_class_that_never_changes() -> None:
    it = world()
    with pytest.raises(BadInput) as caught:
        save(it, "our_own", "hello")
    assert caught.value.field == "kind"
    row = save(it, "our_own", "hello", kind="marketing", title="Ours")
    assert (row.kind, row.name) == ("marketing", "Ours")
    changes: list[tuple[str, int, MessageClass]] = [("our_own", row.version, "service"), ("remind", 0, "service")]
    for id, version, kind in changes:
        with pytest.raises(BadInput):
            save(it, id, "hello", version=version, kind=kind)


@pytest.mark.parametrize(
    "id", ["Remind", "a b", "../x", "", "remind.", "x" * 41, "remind.loc_nowhere", "nothing.loc_1"]
)
def test_what_is_no_templates_id_is_not_found(id: str) -> None:
    with pytest.raises(NotFound):
        save(world(), id, "hello", kind="marketing")


def test_bad_words_are_refused_with_every_place_and_nothing_is_stored() -> None:
    it = world()
    bad: dict[Language, Wording] = {"en": Wording(sms="hello {{ nope }}"), "es": Wording(sms="hola")}
    with pytest.raises(Refused) as caught:
        save_template(it.runtime, ORG, "remind", bad, version=0, actor=WHO)
    assert {each.field for each in caught.value.findings} == {"en.sms", "es.sms"}
    assert every(it.store, Template, ORG) == []
    assert every(it.store, TemplateVersion, ORG) == []


def test_what_only_a_built_in_is_given_is_refused_elsewhere() -> None:
    with pytest.raises(Refused) as caught:
        save(world(), "our_own", "{{ code }}", kind="service")
    assert ("en.sms", 1) in {(each.field, each.line) for each in caught.value.findings}


def test_a_message_keeps_the_words_it_was_planned_with() -> None:
    it = world()
    row = save(it, "nudge_friend", "old words")
    id = it.plan("nudge_friend")
    save(it, "nudge_friend", "new words", version=row.version)
    it.pump()
    assert "old words" in it.sms.sent[0].body
    assert it.message(id).template_version == "nudge_friend.v1"
    it.plan("nudge_friend", cause="another")
    it.move(days=2)
    assert "new words" in it.sms.sent[-1].body


def test_whoever_reads_spanish_is_written_to_in_spanish_and_in_english_where_there_is_none() -> None:
    it = world(language="es")
    it.plan("ask")
    it.pump()
    assert "Responda STOP" in it.sms.sent[0].body
    save(it, "nudge_friend", "English only")
    it.plan("nudge_friend", cause="another")
    it.move(days=2)
    assert "English only" in it.sms.sent[-1].body
    assert "Reply STOP" in it.sms.sent[-1].body


def test_a_link_that_the_template_needs_must_be_given() -> None:
    it = world()
    with pytest.raises(BadInput, match="referral_link"):
        it.plan("invite")
    with pytest.raises(BadInput, match="service"):
        it.plan("reward", kind="marketing")


def test_the_ready_made_campaigns_are_fair_with_the_built_in_templates() -> None:
    it = world()
    place = get(it.store, Location, ORG, PLACE)
    holds = has_review_link(it.store, place)
    assert holds("ask")
    assert not holds("invite")
    definitions = {name: row.definition for name, row in CATALOGUE.items()}
    assert check_campaigns(definitions, holds) == []


@pytest.mark.parametrize("link", ["{{ review_link }}", "{{ feedback_link }}", "https://reviews.example.test/bluebird"])
@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_template_that_makes_a_campaign_unfair_is_refused_with_the_place(link: str, status: str) -> None:
    it = world()
    campaign(it, "thanks", status=status, **gated("our_thanks"))
    row = save(it, "our_thanks", "thanks", kind="marketing")
    with pytest.raises(Refused) as caught:
        save(it, "our_thanks", f"thanks {link}", version=row.version)
    assert [each.field for each in caught.value.findings] == ["campaigns.thanks.trigger.when"]
    with pytest.raises(Refused):
        save(it, f"our_thanks.{PLACE}", f"thanks {link}")
    assert "thanks" in sms(it, "our_thanks")


def test_another_branchs_review_link_is_one_too_written_out() -> None:
    """In a branch's own form of a campaign, or of a template."""
    it = world()
    other = get(it.store, Location, ORG, PLACE).model_copy(
        update={"id": "loc_2", "version": 0, "review_url": "https://say.example.test/dallas"}
    )
    it.store.commit(Create(other))
    save(it, "our_thanks", "thanks https://say.example.test/dallas", kind="marketing")
    with pytest.raises(Faulty) as faulty:
        save_definition(
            it.runtime,
            ORG,
            f"partner_nurture.{PLACE}",
            Definition.model_validate(gated("our_thanks")),
            version=0,
            actor=WHO,
        )
    assert [each.place for each in faulty.value.problems] == ["trigger.when"]
    campaign(it, "thanks", **gated("plain_thanks"))
    save(it, "plain_thanks", "thanks", kind="marketing")
    with pytest.raises(Refused) as caught:
        save(it, f"plain_thanks.{PLACE}", "thanks say.example.test/dallas")
    assert [each.field for each in caught.value.findings] == ["campaigns.thanks.trigger.when"]


def test_a_draft_may_be_as_it_likes() -> None:
    it = world()
    campaign(it, "thanks", status="draft", **gated("our_thanks"))
    save(it, "our_thanks", "thanks {{ review_link }}", kind="marketing")


def test_ready_made_campaigns_count_too() -> None:
    with pytest.raises(Refused) as caught:
        save(world(), "invite", "thanks {{ review_link }}")
    assert caught.value.findings[0].field.startswith("campaigns.referral_request.trigger")


def test_neither_lock_nor_archive_nor_revert_makes_a_campaign_unfair() -> None:
    it = world()
    own = save(it, "our_thanks", "thanks {{ review_link }}", kind="marketing")
    form = save(it, f"our_thanks.{PLACE}", "thanks")
    campaign(it, "thanks", **gated("our_thanks"))  # as if saved at the same moment: fair only by the branch's form
    with pytest.raises(Refused):
        change_template(it.runtime, ORG, "our_thanks", version=own.version, actor=WHO, locked=True)
    for undo in (archive_template, revert_template):
        more = {"number": None} if undo is revert_template else {}
        with pytest.raises(Refused):
            undo(it.runtime, ORG, f"our_thanks.{PLACE}", version=form.version, actor=WHO, **more)


def test_a_template_that_a_campaign_sends_stays() -> None:
    it = world()
    row = save(it, "our_thanks", "thanks", kind="marketing")
    campaign(it, "thanks", **gated("our_thanks"))
    with pytest.raises(Conflict, match="campaign thanks"):
        archive_template(it.runtime, ORG, "our_thanks", version=row.version, actor=WHO)
    it.change(Campaign, "thanks", status="archived")
    archive_template(it.runtime, ORG, "our_thanks", version=row.version, actor=WHO)
    with pytest.raises(BadInput):
        effective(it.store, ORG, "our_thanks", PLACE)
    with pytest.raises(Conflict):
        revert_template(it.runtime, ORG, "our_thanks", version=row.version + 1, actor=WHO, number=None)


def test_another_organizations_templates_are_not_there() -> None:
    it = world()
    save(it, "our_own", "hello", kind="marketing")
    with pytest.raises(BadInput):
        effective(it.store, "org_2", "our_own", PLACE)
    assert PERSON  # the world's customer is the first organization's
