"""Further reasons to look twice, each a pure rule over who the people are. Words are for staff."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from moref.conversions.holds import Case, existing_customer, self_referral
from moref.conversions.model import Hold
from moref.identity.home import home
from moref.identity.names import distance
from moref.intake.model import Address, Contact

SHORTEST_LOCAL = 5  # letters of an e-mail's local part from which one wrong letter still means something


def found(case: Case) -> list[Hold]:
    """Every rule that says something, in the order staff read them."""
    rules = (
        self_referral, employee, existing_customer, household, velocity, recipient_reuse, disposable_email,
        similar_email,
    )  # fmt: skip
    holds = (rule(case) for rule in rules)
    return [hold for hold in holds if hold is not None]


def employee(case: Case) -> Hold | None:
    """The advocate's phone or e-mail is a member's or a location's own; a house advocate may have the branch's."""
    if case.advocate_kind == "house" or case.staff_keys.isdisjoint(case.advocate.person_keys):
        return None
    words = "The advocate has the phone number or e-mail address of a member of staff or of a location."
    return Hold(rule="employee", words=words)


def household(case: Case) -> Hold | None:
    """The referred job leads from or to a home that a job of the advocate's led from or to."""
    theirs = _homes((case.job.origin, case.job.destination))
    own = _homes(address for job in case.advocate_jobs for address in (job.origin, job.destination))
    if theirs.isdisjoint(own):
        return None
    return Hold(rule="household", words="The referred job is at an address where the advocate has moved from or to.")


def velocity(case: Case) -> Hold | None:
    """More referrals within a day than one person sends who knows the people."""
    if case.advocate_kind != "customer" or case.referrals_that_day <= case.most_a_day:
        return None
    words = f"The advocate made {case.referrals_that_day} referrals within 24 hours; above {case.most_a_day} we look."
    return Hold(rule="velocity", words=words)


def recipient_reuse(case: Case) -> Hold | None:
    if not case.same_recipient:
        return None
    words = "Another advocate's rewards go to the same phone number or e-mail address."
    return Hold(rule="recipient_reuse", words=words)


def disposable_email(case: Case) -> Hold | None:
    """An address made to be thrown away, of either side."""
    for whose, person in _people(case):
        if person.email and _disposable(person.email.rpartition("@")[2]):
            return Hold(rule="disposable_email", words=f"The {whose}'s e-mail address is of a throw-away service.")
    return None


def similar_email(case: Case) -> Hold | None:
    """One letter apart from the advocate's own, at the same provider."""
    own = case.advocate.email
    if any(_similar(own, friend.email) for friend in case.friends if own and friend.email):
        words = "The referred person's e-mail address differs from the advocate's by one letter."
        return Hold(rule="similar_email", words=words)
    return None


def _people(case: Case) -> Iterable[tuple[str, Contact]]:
    yield "advocate", case.advocate
    yield from (("referred person", friend) for friend in case.friends)


def _homes(addresses: Iterable[Address | None]) -> set[str]:
    found = (home(address.street, address.postal_code) for address in addresses if address is not None)
    return {each for each in found if each is not None}


@cache
def _throw_away() -> frozenset[str]:
    text = Path(__file__).with_name("data").joinpath("disposable_domains.json").read_text("utf-8")
    return frozenset(json.loads(text)["domains"])


def _disposable(domain: str) -> bool:
    parts = domain.split(".")
    return any(".".join(parts[place:]) in _throw_away() for place in range(len(parts) - 1))


def _similar(one: str | None, two: str | None) -> bool:
    local, _, domain = (one or "").lower().rpartition("@")
    other, _, other_domain = (two or "").lower().rpartition("@")
    if domain != other_domain or min(len(local), len(other)) < SHORTEST_LOCAL or local == other:
        return False
    return distance(local, other, 1) <= 1
