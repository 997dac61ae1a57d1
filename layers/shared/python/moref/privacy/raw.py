"""Whether a webhook as it came holds somebody: by keyed hashes of what stands in it, also when all else is gone."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import parse_qsl

import phonenumbers

from moref import people
from moref.intake.model import InboxEvent
from moref.intake.work_inbox import raw_body
from moref.kernel import plugins
from moref.kernel.errors import BadInput, MorefError
from moref.ports import PlatformKeys
from moref.privacy.listed import customer_keys

CRM_PACKAGE = "moref.intake.crm"
DEPTH = 12
_MAIL = re.compile(r"[^\s\"'<>(),;:\\\[\]]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,63}")


def holds(keys: PlatformKeys, event: InboxEvent, wanted: Collection[str], jobs: Collection[tuple[str, str]]) -> bool:
    """`wanted` are the person's keyed hashes, `jobs` their jobs as (connection, id in the CRM)."""
    if not event.body:
        return False
    try:
        body = raw_body(event)
    except MorefError:
        return False  # damaged: nobody can read it, and it goes with its time
    org, (customer, job) = event.organization_id, _named(event, body)
    if (event.connection_id, job) in jobs:
        return True
    if customer and not {*customer_keys(keys, org, [f"{event.connection_id}|{customer}"])}.isdisjoint(wanted):
        return True
    return any(not {*found}.isdisjoint(wanted) for text in _texts(body) for found in keys_in(keys, org, text))


def names_others(
    keys: PlatformKeys, event: InboxEvent, known: Collection[str], jobs: Collection[tuple[str, str]]
) -> bool:  # fmt: skip
    """Whether it is about somebody else's job, or an address or a phone number stands in it that is none of `known`:
    too often rather than too rarely. `jobs` as in `holds`, of the person alone."""
    body, org = raw_body(event), event.organization_id
    customer, job = _named(event, body)
    if customer and {*customer_keys(keys, org, [f"{event.connection_id}|{customer}"])}.isdisjoint(known):
        return True
    if job and not customer and (event.connection_id, job) not in jobs:
        return True
    return any({*each}.isdisjoint(known) for text in _texts(body) for each in keys_in(keys, org, text))


def _named(event: InboxEvent, body: bytes) -> tuple[str, str]:
    """The ids that the CRM's own adapter reads in it, of the customer and of the job; "" where it names none."""
    if not event.source.startswith("crm:"):
        return "", ""
    adapter = plugins.load(CRM_PACKAGE, event.source.removeprefix("crm:"))
    try:
        said: Any = adapter.parse(body, event.headers) or {}
    except MorefError:
        return "", ""
    if getattr(adapter, "THIN", False):
        return str(said.get("customer") or ""), str(said.get("record") or "")
    customer, job = (said.get(part) for part in ("customer", "job"))
    return _id(customer), _id(job)


def _id(part: object) -> str:
    return str(part.get("id") or "") if isinstance(part, dict) else ""


def _texts(body: bytes) -> Iterator[str]:
    """Every text in JSON, also JSON inside a text (SNS); of a form its values; else the whole."""
    text = body.decode("utf-8", "replace")
    try:
        yield from _within(json.loads(text), DEPTH)
        return
    except (ValueError, RecursionError):
        pass
    try:
        pairs = parse_qsl(text, strict_parsing=True)
    except ValueError:
        pairs = [("", text)]
    yield from (value for _, value in pairs)


def _within(value: Any, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _within(item, depth - 1)
    elif isinstance(value, str):
        yield value
        if value[:1] in "{[" and value:
            try:
                yield from _within(json.loads(value), depth - 1)
            except (ValueError, RecursionError):
                return
    elif isinstance(value, int):
        yield str(value)


def keys_in(keys: PlatformKeys, organization_id: str, text: str) -> Iterator[list[str]]:
    """Of every e-mail address and phone number that stands in a text."""
    for address in _MAIL.findall(text):
        try:
            yield people.person_keys(keys, organization_id, None, people.email(address))
        except BadInput:
            continue
    if sum(letter.isdigit() for letter in text) < 7:
        return
    for match in phonenumbers.PhoneNumberMatcher(text, "US", phonenumbers.Leniency.POSSIBLE):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        yield people.person_keys(keys, organization_id, number, None)
