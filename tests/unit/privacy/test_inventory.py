"""Nothing that is stored is missing from the inventory of what is held of people, and nothing in it is made up."""

import importlib
import pkgutil
import re
from typing import Any

from pydantic import TypeAdapter

import moref
from moref.privacy.inventory import INVENTORY
from moref.privacy.nouns import nouns
from moref.records import REGISTRY

_SECRET = re.compile(r"secret|cipher|token|digest|password|credential")
# Fields whose names sound like a secret's and that hold none.
_PLAIN = {
    ("member", "tokens_since"),  # a time
    ("closed_month", "digest"),  # over the month's entries: an accountant compares it
}


def _all_nouns() -> set[str]:
    for module in pkgutil.walk_packages(moref.__path__, "moref."):
        importlib.import_module(module.name)
    return {name for name, kind in REGISTRY.items() if kind.__module__.startswith("moref.")}


def test_every_noun_stands_in_the_inventory_and_is_found_by_name() -> None:
    declared = _all_nouns()
    assert declared - INVENTORY.keys() == set(), "say in privacy/inventory.py what these hold of a person"
    assert INVENTORY.keys() - declared == set(), "nouns that are no more"
    assert nouns().keys() == declared, "privacy/nouns.py names every module that declares nouns"


def test_a_row_names_fields_that_the_noun_has_and_values_that_it_takes() -> None:
    for name, holding in INVENTORY.items():
        kind = nouns()[name]
        assert holding.personal.keys() | holding.secret <= kind.model_fields.keys(), name
        for field, value in holding.personal.items():
            declared: Any = kind.model_fields[field].annotation
            TypeAdapter(declared).validate_python(value)


def test_what_is_erased_says_how_and_what_holds_nothing_names_nothing() -> None:
    for name, holding in INVENTORY.items():
        assert (holding.erased == "blanked") == bool(holding.personal), name
        assert (holding.holds == "") <= (holding.erased in ("nothing", "expires")), name


def test_no_export_shows_a_secret() -> None:
    for name, holding in INVENTORY.items():
        if not holding.exported:
            continue
        suspicious = {field for field in nouns()[name].model_fields if _SECRET.search(field)}
        plain = {field for noun, field in _PLAIN if noun == name}
        assert suspicious - plain <= holding.secret, name
