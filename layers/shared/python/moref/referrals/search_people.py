"""Staff look for a person: by the beginnings of names, or by a whole phone number or e-mail address.

Through look-ups of keyed hashes, strongly consistent; what is found is compared with the person as they are now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from moref import people
from moref.identity.names import tokens
from moref.intake import name_index
from moref.intake.model import Contact
from moref.kernel.errors import BadInput
from moref.runtime import Runtime

MOST_READ = 200  # contacts of one call; the answer says where to go on
LEAST_DIGITS = 7  # from here a text of digits is a phone number


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """`after` is where to go on; None at the end."""

    contacts: Sequence[Contact]
    after: str | None


def search_people(
    runtime: Runtime, organization_id: str, text: str, *, shown: Callable[[Contact], bool], limit: int,
    after: str | None = None,
) -> FoundPeople:  # fmt: skip
    """In the order of their ids. `shown` says which the caller may see. Raises BadInput on words for nobody."""
    ids, fits = _plan(runtime, organization_id, text)
    ids = [id for id in ids if after is None or id > after]
    found: list[Contact] = []
    for read, id in enumerate(ids, 1):
        contact = runtime.store.find(Contact, organization_id, id)
        if contact is not None and contact.merged_into is None and fits(contact) and shown(contact):
            found.append(contact)
        if (len(found) == limit or read == MOST_READ) and read < len(ids):
            return FoundPeople(found, id)
    return FoundPeople(found, None)


def _plan(runtime: Runtime, org: str, text: str) -> tuple[list[str], Callable[[Contact], bool]]:
    """Whom to look at, and what they must be."""
    keys = _address_keys(runtime, org, text)
    if keys:
        ids = {id for key in keys for id in runtime.store.lookup(org, "person", key)}
        return sorted(ids), lambda contact: bool(set(keys) & set(contact.person_keys))
    words = tokens(text)[: name_index.MOST_WORDS]
    if not words:
        raise BadInput("the beginning of a name, a phone number or an e-mail address", field="q")
    asked = [word for word in words if len(word) >= name_index.LENGTHS[0]] or words  # short ones are compared only
    values = [name_index.value(runtime.keys, org, word) for word in asked]
    sets = [set(runtime.store.lookup(org, name_index.LOOKUP, value)) for value in values]
    return sorted(set.intersection(*sets)), lambda contact: _begins(words, contact)


def _address_keys(runtime: Runtime, org: str, text: str) -> list[str]:
    """Empty when it is neither a phone number nor an e-mail address."""
    if "@" in text:
        return people.person_keys(runtime.keys, org, None, people.email(text))
    if sum(character.isdigit() for character in text) < LEAST_DIGITS:
        return []
    return people.person_keys(runtime.keys, org, people.phone_in(text), None)


def _begins(words: Sequence[str], contact: Contact) -> bool:
    """Every word begins another word of the name."""
    names = tokens(f"{contact.first_name} {contact.last_name}")
    for word in sorted(words, key=len, reverse=True):
        name = next((each for each in names if each.startswith(word)), None)
        if name is None:
            return False
        names.remove(name)
    return True
