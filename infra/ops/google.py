"""`google` lets people sign in with Google, or replaces how Google knows the platform.

The client is made in Google's console. It is read as JSON from standard input, never from the command line.
"""

import argparse
import json
import sys
from typing import Any

from infra.ops.desk import Desk, Refused, confirmed
from moref.signin.connect_google import connect_google


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = verbs.add_parser(
        "google", help='sign-in with Google: {"client_id", "client_secret", "redirect_uris": [...]} on standard input'
    )
    found.add_argument("--yes", action="store_true")
    found.set_defaults(run=_google)


def _google(desk: Desk, options: argparse.Namespace) -> int:
    confirmed(options.yes, "People would sign in with this client of Google from now on; one before it is forgotten.")
    id, secret, uris = _read(sys.stdin.read())
    connect_google(desk.runtime, client_id=id, client_secret=secret, redirect_uris=uris)
    desk.say(f"Google is set up; browsers come back to {', '.join(uris)}")
    return 0


def _read(text: str) -> tuple[str, str, list[str]]:
    try:
        found: Any = json.loads(text)
        id, secret, uris = found["client_id"], found["client_secret"], found["redirect_uris"]
    except (ValueError, KeyError, TypeError):
        raise Refused('standard input must be {"client_id", "client_secret", "redirect_uris"}') from None
    good = isinstance(uris, list) and uris and all(isinstance(uri, str) for uri in uris)
    if not (good and isinstance(id, str) and id and isinstance(secret, str) and secret):
        raise Refused("client_id and client_secret are texts, redirect_uris a list of addresses")
    return id, secret, uris
