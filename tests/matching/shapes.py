"""How often what is typed wrong, the words people are made of, and the shapes of a corpus."""

import json
from dataclasses import dataclass, field
from pathlib import Path

# Share of the referred people's CRM records (unless said otherwise) that ...
RATES = {
    "phone_reformatted": 0.95,  # is written in one of nine ways
    "phone_typo": 0.02,  # has a wrong or swapped digit
    "phone_other": 0.07,  # is another number of theirs
    "phone_missing": 0.03,
    "phone_extension": 0.04,
    "email_missing": 0.22,  # offices often take none
    "email_stand_in": 0.02,  # or type one
    "email_other": 0.12,  # a changed or a work address
    "email_spelt": 0.15,  # capitals; at Gmail dots, a tag, googlemail
    "email_typo": 0.02,
    "nickname": 0.12,
    "name_typo": 0.04,
    "initial": 0.02,
    "new_surname": 0.02,  # married
    "swapped": 0.01,  # "Lee Ann"
    "one_field": 0.03,  # the whole name in the first field
    "spouse": 0.06,  # the household's other adult: own first name, mostly own phone and e-mail, the same home
    "home_missing": 0.06,
    "form_home_missing": 0.35,  # on the form, where it is optional
    "home_spelt": 0.80,  # suffix and directional short or long, unit in one of five ways, ZIP+4
    # Share of the jobs that nobody referred which ...
    "shared_phone": 0.03,  # have the number of a referred person's office or shared house, and nothing else
    "shared_email": 0.005,  # likewise an office's e-mail
    "stand_in_phone": 0.02,
    "namesake": 0.03,  # have the name of a referred person, who lives elsewhere
    "next_tenant": 0.03,  # live where a referred person lived, and are another family
    "neighbour": 0.02,  # the same building, another unit
    "relative": 0.01,  # the same surname, another home
    "next_number": 0.01,  # a phone one digit away
}

_WORDS = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
FIRST: list[str] = _WORDS["first"]
SURNAMES: list[str] = _WORDS["surnames"]
NICKNAMES: dict[str, str] = _WORDS["nicknames"]
STREETS: list[str] = _WORDS["streets"]
SUFFIXES = {
    "Street": ("St", "St.", "STREET"), "Avenue": ("Ave", "Av", "Ave."), "Road": ("Rd", "Rd."), "Drive": ("Dr", "Drv"),
    "Lane": ("Ln", "LN"), "Boulevard": ("Blvd", "Blvd."), "Court": ("Ct", "CT"), "Place": ("Pl",), "Circle": ("Cir",),
    "Terrace": ("Ter", "Terr"), "Parkway": ("Pkwy", "Pky"),
}  # fmt: skip
DIRECTIONS = {"North": "N", "South": "S", "East": "E", "West": "W"}
MAIL = ("gmail.com",) * 9 + ("yahoo.com",) * 3 + ("outlook.com", "hotmail.com", "icloud.com", "aol.com", "comcast.net")


@dataclass(frozen=True)
class Home:
    number: str
    direction: str
    street: str
    suffix: str
    unit: str
    zip: str
    city: str = "Austin"
    state: str = "TX"


@dataclass(frozen=True)
class Person:
    first: str
    last: str
    phone: str  # ten digits
    email: str
    home: Home


@dataclass(frozen=True)
class Record:
    """A form (`kind` lead, with the advocate's number) or a CRM's job; `truth` is the id of the lead it came by."""

    kind: str
    id: str
    day: float
    first_name: str
    last_name: str
    phone: str | None
    email: str | None
    street: str | None
    postal_code: str | None
    advocate: int = 0
    truth: str | None = None
    traits: tuple[str, ...] = field(default=())
