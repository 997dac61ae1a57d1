"""What each kind of file brings in, and what not: messages, payments twice, wrong windows, changed addresses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign_worker.handler import work as campaigns
from moref import people
from moref.books.check import faults
from moref.budgets.model import Budget, Spend, budget_id
from moref.campaigns.model import Enrollment
from moref.intake.model import Contact, Job
from moref.messaging.model import Message, Suppression
from moref.privacy.model import ErasedKey
from moref.programs.model import Program, Standing
from moref.records import Create, every, get
from moref.referrals.existing import known_since
from moref.referrals.model import Advocate, Evidence, Link, Referral
from moref.rewards import ledger
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Entry, Reward
from referral_worker.handler import work as referrals
from tests.unit.imports.conftest import Office

CONSENT = "I agree to get texts about my move and offers from Bluebird."


@pytest.fixture
def crm(office: Office) -> dict[str, str]:
    return {"connection_id": office.world.a.connection_id}


def heard(office: Office) -> None:
    """Everything that happened reaches those who decide and those who write to people."""
    done = 0
    while done < len(office.store.events):
        event = office.store.events[done]
        done += 1
        if event["name"] in ("job.imported", "contact.identified", "referral.changed", "goodwill.granted"):
            referrals(office.runtime, event)
        if event["name"] in ("referral.changed", "partner.onboarded", "job.changed"):
            campaigns(office.runtime, event)


def silent(office: Office) -> bool:
    return not every(office.store, Message, office.org) and not every(office.store, Enrollment, office.org)


# contacts


def test_a_contact_of_a_crm_is_met_again_by_its_id_and_newer_words_stay(office: Office, crm: dict[str, str]) -> None:
    office.brought("contacts", "id,first_name,phone\nC-1,Ann,5125550142\n", as_of="2026-06-01T00:00:00Z", **crm)
    office.brought("contacts", "id,first_name,phone\nC-1,Anna,5125550143\n", as_of="2026-05-01T00:00:00Z", **crm)
    [ann] = every(office.store, Contact, office.org)
    assert (ann.first_name, ann.phone) == ("Ann", "+15125550142")
    office.brought("contacts", "id,first_name,phone\nC-1,Anna,5125550143\n", as_of="2026-06-02T00:00:00Z", **crm)
    assert [each.first_name for each in every(office.store, Contact, office.org)] == ["Anna"]
    refused = office.checked("contacts", "id,phone\nC-1,5125550142\n")
    assert refused["checked"] == {"rejected": 1}


def test_consent_counts_with_the_organizations_word_and_its_day_alone(office: Office) -> None:
    csv = "phone,sms consent,sms consent date\n5125550142,yes,2026-01-05\n5125550143,yes,\n5125550144,no,\n"
    without = office.checked("contacts", csv)
    assert without["checked"] == {"accepted": 3}
    assert "sms consent does not count" in without["notes"][0]
    office.start(without["id"])
    assert [each.consents for each in every(office.store, Contact, office.org)] == [[], [], []]
    attested = office.brought("contacts", csv, consent_text=CONSENT)
    assert attested["counts"] == {"changed": 2, "rejected": 1}
    assert "sms consent date" in office.rejected(attested["id"])
    consents = {each.phone: each.consents for each in every(office.store, Contact, office.org)}
    [yes], [no] = consents["+15125550142"], consents["+15125550144"]
    assert (yes.text, yes.withdrawn, yes.at) == (CONSENT, False, datetime(2026, 1, 5, 18, tzinfo=UTC))
    assert no.withdrawn


def test_branches_are_named_as_the_crm_or_we_do(office: Office) -> None:
    one = office.checked("contacts", "email,branch\na@b.example,bluebird AUSTIN\nc@d.example,Nowhere\n")
    assert one["checked"] == {"accepted": 1, "rejected": 1}
    assert "no open location has this name" in office.rejected(one["id"])


def evidence(at: datetime) -> list[Evidence]:
    return [Evidence(kind="quote_form", at=at, source_id="lead")]


@pytest.mark.parametrize(
    ("since", "known"), [("", False), ("2020-01-01", False), ("2026-02-01", True)], ids=["unsaid", "long ago", "lately"]
)
def test_the_day_of_an_import_makes_nobody_a_customer(
    office: Office, crm: dict[str, str], since: str, known: bool
) -> None:
    office.brought("contacts", f"id,email,customer since\nC-1,ann@example.com,{since}\n", **crm)
    [ann] = every(office.store, Contact, office.org)
    office.clock.move(days=7)
    now = office.clock.now()
    job = Job(
        organization_id=office.org, id="job_new", created_at=now, updated_at=now, connection_id="c", external_id="N",
        location_id=office.place, contact_id=ann.id, received_at=now,
    )  # fmt: skip
    found = known_since(evidence(now - timedelta(days=1)), job, [job], [ann], 12)
    assert (found is not None) is known


# past jobs

JOBS = "job number,customer id,first name,e-mail,completed date,total\nJ-1,C-1,Ann,ann@example.com,{day},1250.00\n"


@pytest.mark.parametrize(("day", "known"), [("2023-05-01", False), ("2025-12-01", True)])
def test_past_jobs_make_customers_with_the_days_of_the_jobs(
    office: Office, crm: dict[str, str], day: str, known: bool
) -> None:
    office.brought("past_jobs", JOBS.format(day=day), currency="USD", **crm)
    [job], [ann] = every(office.store, Job, office.org), every(office.store, Contact, office.org)
    assert (job.state, job.facts["amount"].value, job.external_id) == ("completed", 125_000, "J-1")
    office.clock.move(days=7)
    now = office.clock.now()
    new = job.model_copy(update={"id": "job_new", "facts": {}, "received_at": now, "created_at": now})
    found = known_since(evidence(now - timedelta(hours=2)), new, [job, new], [ann], 12)
    assert (found is not None) is known


@pytest.mark.parametrize("day", ["2020-01-01", "2026-06-01", "2026-06-02 08:00"])
def test_no_customer_of_the_past_is_written_to(office: Office, crm: dict[str, str], day: str) -> None:
    office.brought("past_jobs", JOBS.format(day=day), currency="USD", **crm)
    assert [event["name"] for event in office.store.events if event["name"].startswith("job.")] == ["job.imported"]
    heard(office)
    office.brought("past_jobs", JOBS.format(day=day).replace("1250.00", "1300.00"), currency="USD", **crm)
    heard(office)
    assert silent(office)
    assert len(every(office.store, Job, office.org)) == 1


def test_a_job_needs_its_number_and_a_day(office: Office, crm: dict[str, str]) -> None:
    csv = (
        "id,email,booked date,completed date\n,a@b.example,2025-01-01,\nJ-2,a@b.example,,\nJ-3,a@b.example,06/01/25,\n"
    )
    one = office.checked("past_jobs", csv, **crm)
    assert one["checked"] == {"rejected": 3}
    found = office.rejected(one["id"])
    assert [line.split(",")[:2] for line in found.splitlines()[1:]] == [
        ["2", "id"], ["3", "completed date"], ["4", "booked date"],
    ]  # fmt: skip


# past referrals

REFERRALS = (
    "advocate first name,advocate email,friend first name,friend email,referral date,status,job number\n"
    "Ann,ann@example.com,Fred,fred@example.com,2026-05-20,{status},{job}\n"
)


def referral(office: Office) -> Referral:
    [found] = every(office.store, Referral, office.org)
    return found


def test_a_past_referral_keeps_its_day_as_evidence_and_its_advocate_a_link(office: Office) -> None:
    for turn in range(2):
        one = office.brought("past_referrals", REFERRALS.format(status="open", job=""))
        assert one["counts"] == ({"created": 1} if not turn else {"unchanged": 1})
    kept = referral(office)
    [piece] = kept.evidence
    assert (kept.status, piece.kind, piece.at) == ("new", "import", datetime(2026, 5, 20, 17, tzinfo=UTC))
    [advocate], [link] = every(office.store, Advocate, office.org), every(office.store, Link, office.org)
    assert (kept.advocate_id, kept.code, advocate.kind) == (advocate.id, link.id, "customer")
    explained = office.world.call("GET", f"/referrals/{kept.id}/explanation").json()
    assert "a list from before says so" in str(explained)
    heard(office)
    assert silent(office)


def test_an_open_one_goes_on_with_the_friends_job(office: Office, crm: dict[str, str]) -> None:
    jobs = "id,e-mail,first name,booked date\nJ-9,fred@example.com,Fred,2026-05-25\n"
    office.brought("past_jobs", jobs, **crm)
    office.brought("past_referrals", REFERRALS.format(status="open", job="J-9"), **crm)
    kept = referral(office)
    assert (kept.status, kept.job_id) == ("booked", every(office.store, Job, office.org)[0].id)
    unknown = office.brought("past_referrals", REFERRALS.format(status="open", job="J-10"), **crm)
    assert unknown["counts"] == {"rejected": 1}
    assert "import past jobs first" in office.rejected(unknown["id"])


@pytest.mark.parametrize("status", ["rewarded", "lost"])
def test_what_is_over_earns_nothing_again(office: Office, crm: dict[str, str], status: str) -> None:
    office.brought("past_referrals", REFERRALS.format(status=status, job=""))
    jobs = "id,e-mail,first name,completed date\nJ-9,fred@example.com,Fred,2026-05-25\n"
    office.brought("past_jobs", jobs, **crm)
    heard(office)
    kept = referral(office)
    assert (kept.status, kept.job_id) == ("ineligible" if status == "rewarded" else "lost", None)
    assert kept.reason
    assert every(office.store, Reward, office.org) == []


def test_a_file_without_a_status_is_refused_because_it_could_pay_twice(office: Office) -> None:
    csv = "advocate email,friend email,referral date\na@b.example,c@d.example,2026-05-20\n"
    one = office.checked("past_referrals", csv)
    assert (one["status"], "status" in one["reason"]) == ("refused", True)
    same = office.checked("past_referrals", REFERRALS.format(status="open", job="").replace("fred@", "ann@"))
    assert same["checked"] == {"rejected": 1}


def test_a_known_address_is_not_changed_by_a_list(office: Office, crm: dict[str, str]) -> None:
    office.brought("contacts", "id,first_name,email,phone\nC-1,Ann,ann@example.com,5125550142\n", **crm)
    with_phone = REFERRALS.replace("advocate email", "advocate email,advocate phone")
    csv = with_phone.format(status="open", job="").replace("ann@example.com,", "ann@example.com,5125550999,")
    office.brought("past_referrals", csv)
    ann = next(each for each in every(office.store, Contact, office.org) if each.crm_keys)
    assert ann.phone == "+15125550142"


# owed rewards

OWED = "id,advocate first name,advocate email,amount,currency\nR-1,Ann,ann@example.com,25.00,USD\n"


def goodwill(office: Office) -> list[Goodwill]:
    return sorted(every(office.store, Goodwill, office.org), key=lambda one: one.amount)


def test_what_is_owed_is_booked_once_however_often_the_file_comes(office: Office) -> None:
    one = office.checked("owed_rewards", OWED)
    assert one["sums"] == {"USD": 2500}
    office.start(one["id"])
    again = office.brought("owed_rewards", OWED)
    assert again["counts"] == {"unchanged": 1}
    [given], [reward] = goodwill(office), every(office.store, Reward, office.org)
    assert (given.status, given.cause, given.reward_id) == ("granted", "import", reward.id)
    assert (reward.amount, reward.currency, reward.conversion_id) == (2500, "USD", None)
    [entry] = every(office.store, Entry, office.org)
    assert (entry.step, entry.memo) == ("accrued", "owed before the import")
    assert ledger.balances(office.store, office.org)["USD"]["reward_payable"] == -2500
    assert faults(office.store, office.org) == []


def test_another_sum_under_the_same_id_is_refused(office: Office) -> None:
    office.brought("owed_rewards", OWED)
    other = office.brought("owed_rewards", OWED.replace("25.00", "26.00"))
    assert other["counts"] == {"rejected": 1}
    assert "with another amount" in office.rejected(other["id"])
    assert [one.amount for one in goodwill(office)] == [2500]


def test_without_ids_two_rows_alike_are_one_claim_and_the_report_says_so(office: Office) -> None:
    line = "Ann,ann@example.com,25.00\n"
    one = office.brought("owed_rewards", "advocate first name,advocate email,amount\n" + line * 2, currency="USD")
    assert one["counts"] == {"created": 1, "rejected": 1}
    assert "the same as row 2" in office.rejected(one["id"])


def test_no_budget_pays_for_what_is_older_but_the_tax_year_counts_it(office: Office) -> None:
    now, place = office.clock.now(), None
    budget = Budget(
        organization_id=office.org, id=budget_id(office.org, place), created_at=now, updated_at=now, amount=100,
        currency="USD",
    )  # fmt: skip
    office.store.commit(Create(budget))
    office.brought("owed_rewards", OWED)
    assert [one.status for one in goodwill(office)] == ["granted"]
    assert [row.amount for row in every(office.store, Spend, office.org)] == []
    assert [row.amounts for row in every(office.store, Standing, office.org)] == [{"USD": 2500}]


def test_above_what_one_member_may_give_alone_a_second_one_is_asked(office: Office) -> None:
    csv = "id,advocate first name,advocate email,amount\n" + "".join(
        f"R-{number},P{number},p{number}@example.com,{amount}\n" for number, amount in enumerate(["60.00", "40.01"])
    )
    one = office.brought("owed_rewards", csv, currency="USD")  # each is small, the file is not
    assert one["counts"] == {"created": 2}
    assert [given.status for given in goodwill(office)] == ["waiting", "waiting"]
    assert every(office.store, Reward, office.org) == []
    ids = [given.id for given in goodwill(office)]
    own = office.world.call("POST", "/goodwill/approve", {"ids": ids}, key="a1").json()
    assert (own["failed"], own["items"][0]["code"]) == (2, "conflict")
    other = office.world.token(role="admin")
    done = office.world.call("POST", "/goodwill/approve", {"ids": ids}, key="a2", token=other).json()
    assert (done["failed"], [item["status"] for item in done["items"]]) == (0, ["granted", "granted"])
    assert len(every(office.store, Reward, office.org)) == 2
    assert faults(office.store, office.org) == []


@pytest.mark.parametrize("amount", ["25,00", "1,250.00", "$25", "-5", "0", "2000.01", "25.5", "1e3", ""])
def test_no_sum_is_guessed(office: Office, amount: str) -> None:
    one = office.checked("owed_rewards", OWED.replace("25.00", f'"{amount}"'))
    assert one["checked"] == {"rejected": 1}
    assert office.rejected(one["id"]).splitlines()[1].split(",")[1] == "amount"


def test_nobody_brings_a_reward_for_themselves(office: Office) -> None:
    owner = office.world.call("GET", "/members").json()["items"][0]["email"]
    one = office.brought("owed_rewards", OWED.replace("ann@example.com", owner))
    assert one["counts"] == {"rejected": 1}
    assert every(office.store, Reward, office.org) == []


def test_nothing_is_brought_in_for_somebody_who_was_erased(office: Office) -> None:
    now, ann = office.clock.now(), "ann@example.com"
    row = {"organization_id": office.org, "created_at": now, "updated_at": now}
    gone = Contact(**row, id="con_gone", location_id=office.place, erased_at=now)
    [key] = people.person_keys(office.runtime.keys, office.org, None, ann)
    office.store.commit(Create(gone), Create(ErasedKey(**row, id=key, contact_id=gone.id, erasure_id="era")))
    owed = office.brought("owed_rewards", OWED)
    assert owed["counts"] == {"rejected": 1}
    assert "data erased" in office.rejected(owed["id"])
    office.brought("past_referrals", REFERRALS.format(status="open", job=""))
    office.brought("contacts", f"email,first_name\n{ann},Ann\n")
    [nobody] = every(office.store, Contact, office.org)
    assert (nobody.first_name, nobody.email) == ("", None)
    assert every(office.store, Advocate, office.org) == []
    assert every(office.store, Referral, office.org) == []


# partners


def test_partners_get_a_link_no_welcome_and_have_terms_and_attestation_open(office: Office) -> None:
    csv = "company,email,group\nOak Realty,oak@realty.example,gold\n"
    one = office.brought("partners", csv)
    assert one["counts"] == {"created": 1}
    [partner] = every(office.store, Advocate, office.org)
    assert (partner.kind, partner.tier_group, len(partner.links)) == ("partner", "gold", 1)
    assert office.world.call("GET", f"/acceptances?advocate_id={partner.id}").json()["items"] == []
    assert "partner.onboarded" not in {event["name"] for event in office.store.events}
    heard(office)
    assert silent(office)
    assert office.brought("partners", csv)["counts"] == {"unchanged": 1}
    changed = office.brought("partners", csv.replace("gold", "silver"))
    assert changed["counts"] == {"changed": 1}


# do not contact


def test_the_do_not_contact_list_of_any_length_is_the_same_list(office: Office) -> None:
    csv = "phone,email,reason\n5125550142,,asked us\n,ann@example.com,\nnobody,,\n"
    assert office.brought("do_not_contact", csv)["counts"] == {"created": 2, "rejected": 1}
    assert office.brought("do_not_contact", csv)["counts"] == {"unchanged": 2, "rejected": 1}
    assert {each.channel for each in every(office.store, Suppression, office.org)} == {"sms", "email"}
    half = office.brought("do_not_contact", "phone,email\n12,bob@example.com\n")
    assert half["counts"] == {"created": 1, "rejected": 1}  # the slip is told, the rest counts
    small = office.world.call("POST", "/do-not-contact/import", {"csv": csv, "dry_run": True}).json()
    assert (small["added"], small["already"]) == (0, 2)


def test_a_program_of_another_currency_leaves_every_sum_to_two(office: Office) -> None:
    program = get(office.store, Program, office.org, office.world.a.program_id)
    assert program.currency == "USD"
    office.brought("owed_rewards", OWED.replace("USD", "EUR"))
    assert [one.status for one in goodwill(office)] == ["waiting"]


def test_a_withdrawn_one_stays_withdrawn_when_its_file_comes_again(office: Office) -> None:
    office.brought("owed_rewards", OWED)
    [given] = goodwill(office)
    office.world.call("POST", f"/goodwill/{given.id}/withdraw", {"reason": "paid in cash"}, key="w")
    assert office.brought("owed_rewards", OWED)["counts"] == {"unchanged": 1}
    assert [one.status for one in goodwill(office)] == ["withdrawn"]
    assert set(ledger.balances(office.store, office.org)["USD"].values()) == {0}


def test_a_crm_says_later_what_a_file_said_and_meets_the_same_job(office: Office, crm: dict[str, str]) -> None:
    from moref.intake.apply_notice import notice_writes
    from moref.intake.notice import read_notice
    from moref.tenants.model import Connection

    office.brought("past_jobs", JOBS.format(day="2025-12-01"), currency="USD", **crm)
    connection = get(office.store, Connection, office.org, crm["connection_id"])
    told: dict[str, Any] = {
        "at": "2026-06-03T10:00:00Z", "job": {"id": "J-1"}, "customer": {"id": "C-1", "email": "ann@new.example"},
        "facts": [{"kind": "paid", "value": True, "at": "2025-12-20T10:00:00Z"}],
    }  # fmt: skip
    office.clock.move(days=1)
    now = office.clock.now()
    office.store.commit(*notice_writes(office.runtime, connection, now, read_notice(told, now)))
    [job], [ann] = every(office.store, Job, office.org), every(office.store, Contact, office.org)
    assert (job.state, ann.email, ann.imported) == ("paid", "ann@new.example", True)
