"""A year of noisy leads with the truth, made without any code of the product: what people and offices really type.

Every rate stands in shapes.RATES; the seed decides everything else. A referred person fills in a form; some weeks
later the CRM tells of their job, typed by an office. Around them are jobs of people nobody referred, made to look
alike.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.matching.shapes import (
    DIRECTIONS,
    FIRST,
    MAIL,
    NICKNAMES,
    RATES,
    STREETS,
    SUFFIXES,
    SURNAMES,
    Home,
    Person,
    Record,
)  # fmt: skip


class Corpus:
    """`records` in the order of time."""

    def __init__(self, seed: int, leads: int, strangers: int, advocates: int = 40) -> None:
        self.random = random.Random(seed)
        self.phones: set[str] = set()
        self.advocates = advocates
        self.people: list[Person] = []
        found: list[Record] = []
        for n in range(leads):
            found.extend(self._referred(n))
        for n in range(strangers):
            found.append(self._stranger(n))
        self.records = sorted(found, key=lambda record: (record.day, record.id))

    def _happens(self, what: str) -> bool:
        return self.random.random() < RATES[what]

    def _referred(self, n: int) -> Iterator[Record]:
        person = self._person()
        self.people.append(person)
        day = self.random.uniform(0, 300)
        street, code = (None, person.home.zip) if self._happens("form_home_missing") else self._home(person.home)
        yield Record(
            "lead", f"lead-{n}", day, person.first, person.last, self._phone(person.phone), person.email.title(),
            street, code, advocate=self.random.randrange(self.advocates),
        )  # fmt: skip
        yield self._job(f"job-{n}", day + self.random.uniform(0.1, 60), person, truth=f"lead-{n}")

    def _job(self, id: str, day: float, person: Person, truth: str | None) -> Record:
        traits: list[str] = []
        if self._happens("spouse"):
            traits.append("spouse")
            person = self._spouse(person)
        first, last = self._name(person, traits)
        street, code = (None, None) if self._happens("home_missing") else self._home(person.home)
        return Record(
            "job", id, day, first, last, self._office_phone(person, traits), self._office_email(person, traits),
            street, code, truth=truth, traits=tuple(traits),
        )  # fmt: skip

    def _stranger(self, n: int) -> Record:
        person, traits = self._person(), []
        known = self.random.choice(self.people)
        for what, change in (
            ("shared_phone", lambda: {"phone": known.phone}),
            ("shared_email", lambda: {"email": known.email}),
            ("stand_in_phone", lambda: {"phone": self.random.choice(("5555555555", "0000000000", "1234567890"))}),
            ("namesake", lambda: {"first": known.first, "last": known.last}),
            ("next_tenant", lambda: {"home": known.home}),
            ("neighbour", lambda: {"home": replace(known.home, unit=str(self.random.randint(200, 999)))}),
            ("relative", lambda: {"last": known.last}),
            ("next_number", lambda: {"phone": self._typo_digits(known.phone)}),
        ):
            if self._happens(what):
                traits.append(what)
                person = replace(person, **change())
                break
        made = self._job(f"other-{n}", self.random.uniform(0, 365), person, truth=None)
        return replace(made, traits=(*traits, *made.traits))

    def _person(self) -> Person:
        first, last = self.random.choice(FIRST), self.random.choice(SURNAMES)
        return Person(first, last, self._new_phone(), self._new_email(first, last), self._new_home())

    def _spouse(self, person: Person) -> Person:
        first = self.random.choice(FIRST)
        return Person(
            first, person.last if self.random.random() < 0.85 else self.random.choice(SURNAMES),
            person.phone if self.random.random() < 0.3 else self._new_phone(),
            person.email if self.random.random() < 0.2 else self._new_email(first, person.last), person.home,
        )  # fmt: skip

    def _new_phone(self) -> str:
        while True:
            area = self.random.choice(("512", "737", "713", "214", "303", "602", "917"))
            made = f"{area}{self.random.randint(2, 9)}{self.random.randint(0, 999_999):06d}"
            if made not in self.phones:
                self.phones.add(made)
                return made

    def _new_email(self, first: str, last: str) -> str:
        first, last = _ascii(first), _ascii(last)
        local = self.random.choice(
            (f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{first}_{last}", f"{last}{first[0]}")
        )
        return f"{local}{self.random.randint(1, 9999)}@{self.random.choice(MAIL)}"

    def _new_home(self) -> Home:
        return Home(
            str(self.random.randint(100, 9999)),
            self.random.choice(("", "", "", *DIRECTIONS)),
            self.random.choice(STREETS),
            self.random.choice(list(SUFFIXES)),
            self.random.choice(("", "", "", str(self.random.randint(1, 60)), f"{self.random.randint(1, 9)}B")),
            f"787{self.random.randint(1, 59):02d}",
        )

    def _phone(self, digits: str) -> str:
        if not self._happens("phone_reformatted"):
            return digits
        a, b, c = digits[:3], digits[3:6], digits[6:]
        return self.random.choice(
            (f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"+1{digits}", f"1{digits}", f"+1 ({a}) {b}-{c}",
             f"{a} {b} {c}", f"1-{a}-{b}-{c}", f" {a}{b}{c} ")
        )  # fmt: skip

    def _office_phone(self, person: Person, traits: list[str]) -> str | None:
        if self._happens("phone_missing"):
            traits.append("phone_missing")
            return None
        digits = person.phone
        if self._happens("phone_other"):
            traits.append("phone_other")
            digits = self._new_phone()
        elif self._happens("phone_typo"):
            traits.append("phone_typo")
            digits = self._typo_digits(digits)
        text = self._phone(digits)
        if self._happens("phone_extension"):
            text = text.strip() + self.random.choice((" x12", " ext. 4", " (cell)"))
        return text

    def _typo_digits(self, digits: str) -> str:
        place = self.random.randint(4, 8)
        if self.random.random() < 0.5 and digits[place] != digits[place + 1]:
            return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        other = self.random.choice([each for each in "0123456789" if each != digits[place]])
        return digits[:place] + other + digits[place + 1 :]

    def _office_email(self, person: Person, traits: list[str]) -> str | None:
        if self._happens("email_missing"):
            traits.append("email_missing")
            return None
        if self._happens("email_stand_in"):
            traits.append("email_missing")
            return self.random.choice(("none@none.com", "noemail@gmail.com", "na@na.com"))
        if self._happens("email_other"):
            traits.append("email_other")
            return self._new_email(person.first, person.last)
        if self._happens("email_typo"):
            traits.append("email_typo")
            return self._misspelt(person.email)
        return self._spelt(person.email) if self._happens("email_spelt") else person.email

    def _misspelt(self, email: str) -> str:
        local, _, domain = email.partition("@")
        if domain == "gmail.com" and self.random.random() < 0.4:
            return f"{local}@{self.random.choice(('gmial.com', 'gmail.con', 'gmai.com'))}"
        place = self.random.randrange(1, len(local) - 1)
        return f"{local[:place]}{local[place + 1 :]}@{domain}"

    def _spelt(self, email: str) -> str:
        local, _, domain = email.partition("@")
        if domain != "gmail.com":
            return email.upper()
        return self.random.choice(
            (
                f"{local[:2]}.{local[2:]}@gmail.com",
                f"{local}+moving@gmail.com",
                f"{local}@googlemail.com",
                email.upper(),
            )
        )

    def _name(self, person: Person, traits: list[str]) -> tuple[str, str]:
        first, last = person.first, person.last
        if self._happens("nickname"):
            first = NICKNAMES.get(first, first)
        if self._happens("new_surname"):
            traits.append("new_surname")
            last = self.random.choice(SURNAMES)
        if self._happens("name_typo"):
            last = last[:2] + last[3:] if len(last) > 4 else last
        if self._happens("initial"):
            first = first[0] + "."
        if self._happens("swapped"):
            first, last = last, first
        if self._happens("one_field"):
            first, last = f"{first} {last}", ""
        return self.random.choice(((first, last), (first, last), (first.upper(), last.upper()), (first.lower(), last)))

    def _home(self, home: Home) -> tuple[str, str]:
        direction, suffix, unit, code = home.direction, home.suffix, home.unit, home.zip
        if self._happens("home_spelt"):
            direction = self.random.choice((direction, DIRECTIONS.get(direction, "")))
            suffix = self.random.choice((suffix, *SUFFIXES[suffix]))
            code = self.random.choice((code, f"{code}-{self.random.randint(1000, 9999)}"))
        marks = ("Apt {}", "#{}", "Unit {}", "apt. {}", "# {}")
        parts = [home.number, direction, home.street, suffix, self.random.choice(marks).format(unit) if unit else ""]
        line = " ".join(part for part in parts if part)
        whole = self.random.random() < 0.3  # as some CRMs keep it: one line with city and state
        line = f"{line}, {home.city}, {home.state} {code}" if whole else line
        return self.random.choice((line, line.upper())), code


def _ascii(text: str) -> str:
    return text.lower().encode("ascii", "ignore").decode().replace("'", "")
