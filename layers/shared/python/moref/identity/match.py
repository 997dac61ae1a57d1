"""Whether a referred person and a customer are one person or household. Pure; the rule, in order of what is asked:

    a phone AND an e-mail in common                      yes
    a phone OR an e-mail in common                       yes, unless both names are known and wholly different and the
                                                         home is not the same (an office's line, a stand-in number)
    the same home                                        yes, when the surname agrees (a household)
    the same full name (nicknames, typing errors)        yes, when phone or e-mail is one typing error away

Anything less is nobody's word: it connects nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from moref.identity.mailbox import mailbox
from moref.identity.names import compare, distance

Ground = Literal["phone", "email", "home", "name"]
SHORTEST_LOCAL = 5  # letters of an e-mail's local part from which one wrong letter still means something


@dataclass(frozen=True, slots=True)
class Person:
    """`keys` are keyed hashes, as people.person_keys and household_key give them: the first letter tells the kind."""

    first_name: str
    last_name: str
    keys: frozenset[str]
    phone: str | None = None  # E.164
    email: str | None = None

    def of_kind(self, kind: str) -> frozenset[str]:
        return frozenset(key for key in self.keys if key.startswith(kind))


def grounds(one: Person, two: Person) -> list[Ground]:
    """What speaks for it, strongest first; empty when they are to be taken for two people."""
    phone, email, home = (bool(one.of_kind(kind) & two.of_kind(kind)) for kind in "pea")
    named = compare(one.first_name, one.last_name, two.first_name, two.last_name)
    found: list[Ground] = []
    if (phone or email) and (named != "other" or home or (phone and email)):
        found += [*(["phone"] if phone else []), *(["email"] if email else [])]  # type: ignore[list-item]  # both are kinds
    if home and (found or _one_surname(one, two)):
        found.append("home")
    if not found and named == "same" and (_phones_near(one, two) or _mailboxes_near(one, two)):
        found.append("name")
    return found


def same(one: Person, two: Person) -> bool:
    return bool(grounds(one, two))


def one_of(person: Person, others: Iterable[Person]) -> bool:
    return any(same(person, other) for other in others)


def _one_surname(one: Person, two: Person) -> bool:
    """Also a surname that both lack half of is none: a home alone connects nobody."""
    return compare("", one.last_name, "", two.last_name) == "part"


def _phones_near(one: Person, two: Person) -> bool:
    return bool(one.phone and two.phone) and distance(one.phone or "", two.phone or "", 1) == 1


def _mailboxes_near(one: Person, two: Person) -> bool:
    if not one.email or not two.email:
        return False
    (left, _, place), (right, _, other) = (mailbox(each).rpartition("@") for each in (one.email, two.email))
    return place == other and min(len(left), len(right)) >= SHORTEST_LOCAL and distance(left, right, 1) <= 1
