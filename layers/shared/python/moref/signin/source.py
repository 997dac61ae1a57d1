"""Where a request came from, as it is counted: a keyed hash, of the whole network for IPv6."""

import ipaddress
from datetime import datetime

from moref.kernel.keys import PEOPLE
from moref.ports import PlatformKeys
from moref.records import Store
from moref.signin.model import Tally, keyed

_NETWORK = 64  # bits of an IPv6 address that one customer of a provider has


def tally_of(store: Store, keys: PlatformKeys, source: str, now: datetime) -> Tally:
    """The row, or a new one that is not stored yet (version 0)."""
    id = keyed(keys, "src", _network(source))
    found = store.find(Tally, PEOPLE, id)
    return found or Tally(organization_id=PEOPLE, id=id, created_at=now, updated_at=now)


def _network(source: str) -> str:
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if address.version == 4:
        return source
    return str(ipaddress.ip_network(f"{source}/{_NETWORK}", strict=False))
