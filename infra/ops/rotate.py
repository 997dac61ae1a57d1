"""`rotate connection` gives a CRM connection a new signing secret; `rotate vendor` takes new credentials.

Credentials are read as JSON from standard input, never from the command line, which other users of a machine can see.
"""

import argparse
import json
import sys
from typing import Any

from pydantic import ValidationError

from infra.ops.desk import Desk, Refused, confirmed
from moref.records import get
from moref.tenants.connect_vendor import connect_vendor
from moref.tenants.model import VendorAccount
from moref.tenants.rotate_secret import OVERLAP, rotate_secret
from moref.tenants.vendor_forms import SendGridAccount, TremendousAccount, TwilioAccount, VendorForm

FORMS: dict[str, type[VendorForm]] = {
    "tremendous": TremendousAccount,
    "twilio": TwilioAccount,
    "sendgrid": SendGridAccount,
}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("rotate", help="a new secret").add_subparsers(required=True)
    connection = actions.add_parser("connection", help="a new signing secret; printed once")
    connection.add_argument("id")
    connection.set_defaults(run=_connection)
    vendor = actions.add_parser(
        "vendor",
        help='new credentials, as JSON on standard input: {"auth_token"}, {"api_key", "webhook_secret"} ...',
    )
    vendor.add_argument("id", choices=FORMS)
    vendor.set_defaults(run=_vendor)
    for each in (connection, vendor):
        each.add_argument("--organization", required=True)
        each.add_argument("--by", required=True, help="who decided it; kept in the audit")
        each.add_argument("--yes", action="store_true")


def _connection(desk: Desk, options: argparse.Namespace) -> int:
    hours = int(OVERLAP.total_seconds() // 3600)
    confirmed(options.yes, f"The old secret of {options.id} would be refused after {hours} hours.")
    secret = rotate_secret(desk.runtime, options.organization, options.id, actor=f"operator:{options.by}")
    desk.say(f"new secret, shown this once: {secret}")
    desk.say(f"Hand it to the owner by a safe way. The CRM must sign with it within {hours} hours.")
    return 0


def _vendor(desk: Desk, options: argparse.Namespace) -> int:
    account = get(desk.runtime.store, VendorAccount, options.organization, options.id)
    confirmed(options.yes, f"The credentials of {options.id} would be replaced at once; the old ones are forgotten.")
    given = _given(sys.stdin.read())
    try:
        kind = FORMS[options.id]
        form = kind.model_validate(kind.told(account.config) | given)
    except ValidationError as error:
        # Pydantic's own text would repeat the secrets.
        fields = ", ".join(sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()}))
        raise Refused(f"not credentials of {options.id}: {fields}") from None
    connect_vendor(desk.runtime, options.organization, form, actor=f"operator:{options.by}")
    desk.say(f"{options.id} of {options.organization}: new credentials are in use; its webhook address is the same")
    return 0


def _given(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("standard input must be a JSON object with the new credentials")
    return found
