"""Senders: texts wait for carriers, e-mail does not; both stop when providers say so."""

import pytest

from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.messaging.readiness import readiness
from moref.messaging.reputation import MailCount, on_bounce, on_complaint, on_sent
from moref.messaging.senders import Sender, State, block, resume, save_sender, state_of
from moref.programs.model import Program, Tier, program_id
from moref.records import Create, every, get
from moref.rewards.model import AuditRow
from moref.tenants.model import Connection, Location, VendorAccount
from tests.unit.messaging.world import NUMBER, ORG, PLACE, World, world

SMS = f"sms.{PLACE}"


def sender(it: World, id: str = SMS) -> Sender:
    return get(it.store, Sender, ORG, id)


def told(it: World, id: str = SMS, **states: State) -> Sender:
    before = it.store.find(Sender, ORG, id)
    return save_sender(it.runtime, ORG, id, states, version=before.version if before else 0, actor="mem_1")


def became(it: World, channel: str = "sms", template: str = "ask", kind: str = "marketing") -> str:
    id = it.plan(template, kind, channel=channel, cause=str(len(it.messages())))  # type: ignore[arg-type]
    it.pump()
    message = it.message(id)
    return message.status if message.status == "sent" else str(message.reason)


@pytest.mark.parametrize(
    ("brand", "campaign", "status"),
    [
        ("active", "active", "active"),
        ("active", "pending", "pending"),
        ("active", "requested", "requested"),
        ("pending", "requested", "requested"),
        ("blocked", "active", "blocked"),
    ],
)
def test_texts_leave_only_by_a_sender_of_which_every_part_is_active(
    brand: State, campaign: State, status: State
) -> None:
    for template, kind in (("ask", "marketing"), ("reward", "service")):
        it = world()
        assert told(it, brand=brand, campaign=campaign).status == status
        assert became(it, "sms", template, kind) == ("sent" if status == "active" else "sender_not_active")


def test_until_the_sender_is_active_a_message_is_an_e_mail() -> None:
    it = world()
    told(it, campaign="pending")
    id = it.plan()
    it.pump()
    assert (it.message(id).channel, it.message(id).status) == ("email", "sent")


def test_another_number_begins_anew() -> None:
    it = world()
    it.change(Location, PLACE, sms_sender="+15125550101")
    assert became(it) == "sender_not_active"
    assert told(it, brand="active").status == "requested"
    assert told(it, campaign="active").status == "active"
    assert became(it) == "sent"


def test_a_carriers_block_stops_every_branch_with_the_number_until_staff_resume() -> None:
    it = world()
    dallas = get(it.store, Location, ORG, PLACE).model_copy(update={"id": "loc_2", "version": 0})
    it.store.commit(Create(dallas))
    for _ in range(2):
        block(it.runtime, ORG, "sms", NUMBER, "30034: the campaign is not registered")
    assert [state_of(it.runtime, ORG, "sms", place) for place in (dallas, get(it.store, Location, ORG, PLACE))] == [
        "blocked",
        "blocked",
    ]
    assert became(it) == "sender_not_active"
    assert told(it, brand="active").status == "blocked"  # what staff tell of the registration does not lift it
    version = sender(it).version
    with pytest.raises(Conflict):
        resume(it.runtime, ORG, SMS, version=version - 1, reason="registered", actor="mem_1")
    assert resume(it.runtime, ORG, SMS, version=version, reason="registered", actor="mem_1").status == "active"
    with pytest.raises(Conflict, match="nothing"):
        resume(it.runtime, ORG, SMS, version=version + 1, reason="registered", actor="mem_1")
    assert became(it) == "sent"
    actions = sorted(row.action for row in every(it.store, AuditRow, ORG))
    assert actions == ["sender.blocked", "sender.blocked", "sender.changed", "sender.resumed"]


def test_another_numbers_block_is_none_of_ours() -> None:
    it = world()
    block(it.runtime, ORG, "sms", "+15125550777", "30034")
    assert became(it) == "sent"


def test_what_cannot_be_a_sender_is_refused() -> None:
    it = world()
    with pytest.raises(Conflict):
        save_sender(it.runtime, ORG, SMS, {"brand": "active"}, version=9, actor="mem_1")
    with pytest.raises(BadInput):
        told(it, dkim="active")
    for id in ("sms.loc_9", "whatsapp", "sms", "email.loc_1", "fax.loc_9"):
        with pytest.raises((NotFound, BadInput)):
            save_sender(it.runtime, ORG, id, {"brand": "active"}, version=0, actor="mem_1")
    with pytest.raises(BadInput):
        save_sender(it.runtime, ORG, f"fax.{PLACE}", {"brand": "active"}, version=0, actor="mem_1")
    it.change(Location, PLACE, sms_sender=None)
    with pytest.raises(BadInput) as caught:
        told(it, brand="active")
    assert caught.value.field == "sms_sender"


# E-mail


def mails(it: World, sent: int, *, bounced: int = 0, complained: int = 0, first: int = 0) -> None:
    for number in range(first, first + sent):
        on_sent(it.runtime, ORG, f"msg_{number}")
    for number in range(first, first + bounced):
        on_bounce(it.runtime, ORG, f"msg_{number}")
    for number in range(first, first + complained):
        on_complaint(it.runtime, ORG, f"msg_{number}")


def email_state(it: World) -> str:
    return state_of(it.runtime, ORG, "email", get(it.store, Location, ORG, PLACE))


def test_e_mail_is_live_at_once_while_its_identity_is_on_its_way() -> None:
    it = world()
    assert email_state(it) == "active"
    told(it, "email", identity="active", dkim="pending", dmarc="requested")
    assert sender(it, "email").status == "requested"
    assert became(it, "email") == "sent"


@pytest.mark.parametrize(
    ("sent", "bounced", "complained", "state"),
    [
        (100, 4, 0, "blocked"),  # 4 %
        (100, 3, 0, "active"),
        (99, 20, 0, "active"),  # too few to say
        (1000, 39, 0, "active"),
        (1000, 40, 0, "blocked"),
        (999, 0, 1, "active"),  # one person is no rate
        (1000, 0, 1, "blocked"),  # 0.1 %
        (1251, 0, 1, "active"),  # 0.0799 %
        (1250, 0, 1, "blocked"),  # 0.08 %
        (100, 0, 2, "blocked"),
    ],
)
def test_e_mail_stops_at_too_many_bounces_or_complaints(sent: int, bounced: int, complained: int, state: str) -> None:
    it = world()
    mails(it, sent, bounced=bounced, complained=complained)
    assert email_state(it) == state


def test_stopped_e_mail_waits_is_told_to_staff_all_the_same_and_goes_on_when_resumed() -> None:
    it = world()
    mails(it, 100, bounced=4)
    assert sender(it, "email").stopped_because == "4 of the last 100 e-mails bounced: the limit is 4 %"
    id = it.plan("reward", "service", channel="email")
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("queued", "sender_blocked")
    assert became(it, "sms") == "sent"
    mended = resume(it.runtime, ORG, "email", version=sender(it, "email").version, reason="list cleaned", actor="mem_1")
    assert mended.status == "active"
    it.move(minutes=20)
    assert it.message(id).status == "sent"
    mails(it, 100, bounced=3, first=1000)  # what came before the resumption counts no more
    assert email_state(it) == "active"
    mails(it, 0, bounced=5, first=1000)
    assert email_state(it) == "blocked"


def test_a_report_counts_once_however_often_it_comes() -> None:
    it = world()
    mails(it, 100)
    for _ in range(10):
        on_bounce(it.runtime, ORG, "msg_1")
    assert sum(row.bounced for row in every(it.store, MailCount, ORG)) == 1
    assert email_state(it) == "active"


def test_what_is_older_than_the_window_counts_no_more() -> None:
    it = world()
    mails(it, 100, bounced=3)
    it.clock.move(days=7)
    mails(it, 100, bounced=1, first=500)
    assert email_state(it) == "active"


def test_another_organizations_bounces_are_none_of_ours() -> None:
    it = world()
    mails(it, 100)
    for number in range(50):
        on_sent(it.runtime, "org_2", f"m{number}")
        on_bounce(it.runtime, "org_2", f"m{number}")
    assert email_state(it) == "active"


# Readiness


def test_a_new_location_is_told_what_it_needs() -> None:
    it = world()
    checks = {check.name: check for check in readiness(it.runtime, ORG, PLACE)}
    assert {name: check.state for name, check in checks.items()} == {
        "payer": "ok", "crm": "missing", "facts": "missing", "email_sender": "ok", "sms_sender": "ok",
        "postal_address": "ok", "review_link": "ok", "site": "ok",
        "reward_provider": "missing", "budget": "ok", "members": "ok",
    }  # fmt: skip
    assert all(check.words and (check.todo == "") == (check.state == "ok") for check in checks.values())
    with pytest.raises(NotFound):
        readiness(it.runtime, ORG, "loc_9")


def check(it: World, name: str) -> str:
    return next(each.state for each in readiness(it.runtime, ORG, PLACE) if each.name == name)


def connected(it: World, supplies: list[str], fact: str = "invoiced") -> World:
    common = {"organization_id": ORG, "created_at": it.clock.now(), "updated_at": it.clock.now()}
    connection = Connection(
        **common, id="cn_1", crm="generic", name="CRM", default_location_id=PLACE, supplies=supplies,
        hook_token="t", secret_ciphertext="s",
    )  # fmt: skip
    program = Program(
        **common, id=program_id(ORG, "customer", None), name="P", tiers=[Tier(at=1, amount=2500)],
        qualifying_fact=fact,
    )  # fmt: skip
    it.store.commit(Create(connection), Create(program))
    return it


def test_a_qualifying_fact_that_no_crm_tells_is_missing() -> None:
    assert check(connected(world(), ["completed"]), "facts") == "missing"
    assert check(connected(world(), ["completed", "invoiced"]), "facts") == "ok"
    it = connected(world(), ["invoiced"])
    assert check(it, "crm") == "waiting"
    it.change(Connection, "cn_1", status="stopped")
    assert (check(it, "crm"), check(it, "facts")) == ("missing", "missing")


def test_what_waits_for_others_is_waiting_and_what_staff_must_do_is_missing() -> None:
    it = world()
    told(it, campaign="pending")
    assert check(it, "sms_sender") == "waiting"
    told(it, campaign="requested")
    assert check(it, "sms_sender") == "missing"
    told(it, campaign="active")
    block(it.runtime, ORG, "sms", NUMBER, "30034")
    assert check(it, "sms_sender") == "missing"
    it.change(VendorAccount, "twilio", status="stopped")
    assert check(it, "sms_sender") == "missing"
    told(it, "email", dkim="pending")
    assert check(it, "email_sender") == "waiting"
    mails(it, 100, bounced=5)
    assert check(it, "email_sender") == "missing"
    it.change(Location, PLACE, sms_sender=None, postal_address=" ", site_url="https://bluebird.example")
    assert [check(it, name) for name in ("sms_sender", "postal_address", "site")] == ["missing", "missing", "ok"]
