"""Fills a local cloud with an organization that is ready for its first completed job, and a second, unrelated one.

Repeatable: what is there stays, and the sandboxes, which forget when they stop, are told again. It runs in a process of
its own, because the product's AWS clients take endpoint and credentials from the environment, once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from infra.local.layout import REGION, REPOSITORY

STAFF = "office@bluebird.example.com"
SMS_NUMBER = "+15125550100"
CALLS_PER_MINUTE = 1_000_000
FUNCTION = "moref-local-api"
DOOR = "moref-local-vendor_webhook"

# Accounts of the sandboxes: made up, known to the desk only.
TREMENDOUS = {"api_key": "TEST_bluebird_sandbox", "webhook_secret": "sandbox-webhook-bluebird"}
FUNDING = {"funding_source_id": "BALANCE", "campaign_id": "BLUEBIRDCARD"}
TWILIO = {"account_sid": "AC" + "b1" * 16, "auth_token": "sandbox-token-bluebird"}


STRIPE = {"api_key": "sk_test_platform_sandbox", "webhook_secret": "whsec_platform_sandbox"}

SMARTMOVING_KEY = "sandbox-key-bluebird"
SMARTMOVING_SECRET = "sandbox-header-secret-bluebird-dallas"  # a real one is random and shown once


def seed(outputs: dict[str, Any]) -> dict[str, Any]:
    """What `outputs.json` gains: owner_token, ids, hooks and the addresses the story needs."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "layers" / "shared" / "python"), str(REPOSITORY)]),
        "AWS_ENDPOINT_URL": outputs["aws_endpoint"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    environment.pop("AWS_PROFILE", None)
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.seed"],
        input=json.dumps(outputs), env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"seeding failed:\n{done.stderr[-4000:]}")
    added: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return added


def plant(outputs: dict[str, Any]) -> dict[str, Any]:
    """The work itself, inside the process whose environment points at the cloud."""
    from infra.local.seed_sign_in import google, owner_token

    runtime = _runtime()
    bluebird = _bluebird(runtime, outputs)
    redbird = _redbird(runtime)
    for made in (bluebird, redbird):
        _plenty(runtime, made)
    _billing(runtime, outputs, bluebird.organization_id, redbird.organization_id)
    _connect(runtime, bluebird.organization_id, outputs)
    _sender_active(runtime, bluebird)
    _verify_sender(runtime.settings.mail_from)
    google(runtime, outputs["api_url"])
    url = outputs["api_url"]
    return {
        "owner_token": owner_token(runtime, bluebird),
        "organization_id": bluebird.organization_id,
        "location_id": bluebird.location_id,
        "connection_id": bluebird.connection_id,
        "program_id": bluebird.program_id,
        "staff_email": STAFF,
        "sms_number": SMS_NUMBER,
        "hooks": {"generic": _hook(url, bluebird), "smartmoving": _smartmoving(runtime, bluebird, outputs)},
        "other": {
            "owner_token": owner_token(runtime, redbird),
            "organization_id": redbird.organization_id,
            "location_id": redbird.location_id,
            "hooks": {"generic": _hook(url, redbird)},
        },
    }


def _runtime() -> Any:
    """The API function's own runtime: its settings are read from what was deployed."""
    from moref.aws.clients import client
    from moref.aws.compose import build
    from moref.kernel.env import Api

    found = client("lambda").get_function_configuration(FunctionName=FUNCTION)
    return build(Api.from_env(found["Environment"]["Variables"]))


def _bluebird(runtime: Any, outputs: dict[str, Any]) -> Any:
    from moref.tenants.forms import NewLocation
    from moref.tenants.onboard import Branch, NewOrganization, onboard
    from moref.tenants.save_location import create_location

    austin = Branch(
        name="Bluebird Moving Austin",
        time_zone="America/Chicago",
        state="TX",
        postal_address="2100 South Congress Avenue, Austin, TX 78704",
        phone="+15125550199",
        staff_email=STAFF,
        review_url="https://reviews.example.com/bluebird-moving-austin",
        sms_sender=SMS_NUMBER,
        crm_branch="Austin",
    )
    made = onboard(
        runtime,
        NewOrganization(
            request_id="local-bluebird",
            name="Bluebird Moving",
            legal_name="Bluebird Moving LLC",
            ein="12-3456789",
            owner_name="Olive Owner",
            owner_email="olive@bluebird.example.com",
            location=austin,
            lead_url=f"{outputs['sandbox_url']}/crm/leads",
        ),
    )
    dallas = austin.model_dump() | {
        "name": "Bluebird Moving Dallas",
        "legal_entity_id": _payer(runtime, made),
        "postal_address": "400 Commerce Street, Dallas, TX 75202",
        "review_url": "https://reviews.example.com/bluebird-moving-dallas",
        "site_url": "https://www.bluebird.example.com/dallas/quote",
        "crm_branch": "Dallas",
    }
    create_location(
        runtime, made.organization_id, "loc_dallas", NewLocation.model_validate(dallas), actor=made.member_id
    )
    return made


def _redbird(runtime: Any) -> Any:
    from moref.tenants.onboard import Branch, NewOrganization, onboard

    branch = Branch(
        name="Redbird Plumbing",
        time_zone="America/New_York",
        postal_address="9 Canal Street, New York, NY 10013",
        staff_email="office@redbird.example.com",
        review_url="https://reviews.example.com/redbird-plumbing",
    )
    return onboard(
        runtime,
        NewOrganization(
            request_id="local-redbird",
            name="Redbird Plumbing",
            legal_name="Redbird Plumbing Inc.",
            owner_name="Rita Owner",
            owner_email="rita@redbird.example.com",
            location=branch,
        ),
    )


def _payer(runtime: Any, made: Any) -> str:
    from moref.records import get
    from moref.tenants.model import Location

    return get(runtime.store, Location, made.organization_id, made.location_id).legal_entity_id


def _connect(runtime: Any, organization_id: str, outputs: dict[str, Any]) -> None:
    """The accounts at the sandboxes: kept sealed by the product, and registered with their callbacks at the desk."""
    from moref.kernel.names import PLATFORM_HOOK
    from moref.tenants.connect_vendor import connect_vendor
    from moref.tenants.model import VendorAccount
    from moref.tenants.vendor_forms import TremendousAccount, TwilioAccount

    def token(form: TremendousAccount | TwilioAccount) -> str:
        found = runtime.store.find(VendorAccount, organization_id, form.vendor)
        account = found or connect_vendor(runtime, organization_id, form, actor="platform")
        return str(account.hook_token)

    hooks, desk = f"{outputs['api_url']}/hooks", outputs["sandbox_url"]
    tremendous = token(TremendousAccount.model_validate(TREMENDOUS | FUNDING))
    twilio = token(TwilioAccount.model_validate(TWILIO))
    for account in (
        {
            "vendor": "tremendous",
            "api_key": TREMENDOUS["api_key"],
            "secret": TREMENDOUS["webhook_secret"],
            "url": f"{hooks}/tremendous/{tremendous}",
        },
        {"vendor": "twilio", **TWILIO, "numbers": [SMS_NUMBER], "inbound_url": f"{hooks}/twilio/{twilio}"},
        {"vendor": "sns", "topic_arn": _mail_topic(), "base": f"{desk}/sns", "url": f"{hooks}/ses/{PLATFORM_HOOK}"},
    ):
        requests.post(f"{desk}/_register", json=account, timeout=10).raise_for_status()


def _billing(runtime: Any, outputs: dict[str, Any], *organizations: str) -> None:
    """The platform's own account at the sandbox. Both companies pay by agreement, so that no trial ends in a story."""
    from moref.billing.account import StripeAccount, save_account
    from moref.billing.model import PlatformAccount
    from moref.billing.plans import plans
    from moref.billing.trial import agree
    from moref.kernel.keys import GLOBAL
    from moref.kernel.names import PLATFORM_HOOK

    if runtime.store.find(PlatformAccount, GLOBAL, "stripe") is None:
        save_account(runtime, StripeAccount.model_validate(STRIPE), actor="platform")
    for organization_id in organizations:
        agree(runtime, organization_id, agreed=True, actor="platform")
    listed = plans(runtime.clock.now())
    account = {
        "vendor": "stripe", "api_key": STRIPE["api_key"], "secret": STRIPE["webhook_secret"],
        "url": f"{outputs['api_url']}/hooks/stripe/{PLATFORM_HOOK}",
        "prices": [{"lookup_key": p.lookup_key, "amount": p.amount, "currency": p.currency} for p in listed],
    }  # fmt: skip
    requests.post(f"{outputs['sandbox_url']}/_register", json=account, timeout=10).raise_for_status()


def _sender_active(runtime: Any, made: Any) -> None:
    """The branches' number has been through 10DLC registration: without that nothing would be texted."""
    from moref.messaging.senders import Sender, State, save_sender, sender_id

    done: dict[str, State] = {"brand": "active", "campaign": "active"}
    for location_id in (made.location_id, "loc_dallas"):
        id = sender_id("sms", location_id)
        if runtime.store.find(Sender, made.organization_id, id) is None:
            save_sender(runtime, made.organization_id, id, done, version=0, actor="platform")


def _mail_topic() -> str:
    """As the door knows it; the desk is the one who signs for it."""
    from moref.aws.clients import client

    found = client("lambda").get_function_configuration(FunctionName=DOOR)
    return str(found["Environment"]["Variables"]["MAIL_TOPIC"])


def _smartmoving(runtime: Any, made: Any, outputs: dict[str, Any]) -> dict[str, Any]:
    """The Dallas branch works in SmartMoving: its connection, and the same told to the sandbox."""
    from moref.kernel import ids
    from moref.tenants.connect_crm import connect_crm
    from moref.tenants.crm_forms import SmartMovingAccount
    from moref.tenants.model import Connection

    form = SmartMovingAccount(
        request_id="dallas", name="SmartMoving Dallas", default_location_id="loc_dallas", api_key=SMARTMOVING_KEY,
        referral_source="Mo-ref referral", code_field="customField01",
    )  # fmt: skip
    org = made.organization_id
    found = runtime.store.find(Connection, org, ids.derived("con", org, form.crm, form.request_id))
    if found is None:
        found = connect_crm(runtime, org, form, actor="platform", secret=SMARTMOVING_SECRET).connection
    hook = {
        "url": f"{outputs['api_url']}/hooks/crm/smartmoving/{found.hook_token}",
        "secret": SMARTMOVING_SECRET,
        "headers": {"content-type": "application/json", "X-Moref-Secret": SMARTMOVING_SECRET},
    }
    account = {"vendor": "smartmoving", "api_key": SMARTMOVING_KEY, "url": hook["url"], "headers": hook["headers"]}
    requests.post(f"{outputs['sandbox_url']}/_register", json=account, timeout=10).raise_for_status()
    return hook | {"connection_id": found.id}


def _plenty(runtime: Any, made: Any) -> None:
    """Tests poll the API without end; the ordinary limit is for people and their programs."""
    from moref.records import Change, get
    from moref.tenants.model import Organization

    row = get(runtime.store, Organization, made.organization_id, made.organization_id)
    if row.calls_per_minute < CALLS_PER_MINUTE:
        runtime.store.commit(Change(row, row.changed(runtime.clock.now(), calls_per_minute=CALLS_PER_MINUTE)))


def _verify_sender(mail_from: str) -> None:
    """The stack leaves the mail identity out locally; here a domain counts as verified as soon as it is named."""
    from moref.aws.clients import client

    client("sesv2").create_email_identity(EmailIdentity=mail_from.rpartition("@")[2])


def _hook(url: str, made: Any) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    return {"url": f"{url}/hooks/crm/generic/{made.hook_token}", "secret": made.secret, "headers": headers}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    print(json.dumps(plant(json.loads(sys.stdin.read()))))
