"""Which mailbox an e-mail address leads to, so that its spellings are recognised as one. Never used to send. Pure.

What a provider ignores (dots, a tag) is dated data with its source; of other domains only letter case is ignored.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _data() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(
        Path(__file__).with_name("data").joinpath("mailboxes.json").read_text("utf-8")
    )
    return found


@cache
def _providers() -> Mapping[str, Mapping[str, Any]]:
    return {domain: provider for provider in _data()["providers"] for domain in provider["domains"]}


def mailbox(email: str) -> str:
    """`email` as people.email gives it; the same text for every spelling of one mailbox."""
    local, _, domain = email.rpartition("@")
    domain = _data()["misspelt"].get(domain, domain)
    provider = _providers().get(domain)
    if provider is None:
        return f"{local}@{domain}"
    base = local.partition(provider["tag"])[0] or local
    if provider.get("dots"):
        base = base.replace(".", "") or base
    return f"{base}@{provider.get('as', domain)}"


def nobodys(email: str) -> bool:
    """A stand-in that offices type when they have none: it connects nobody."""
    local, _, domain = email.rpartition("@")
    stand_ins = _data()["placeholders"]
    return local in stand_ins["locals"] or domain in stand_ins["domains"]
