"""Operations of staff on the organization's accounts at outside systems: SMS and e-mail carriers, reward providers."""

from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import STATUS, Resource, words
from moref.tenants.forms import VendorAccountChanges
from moref.tenants.model import VendorAccount
from moref.tenants.vendor_forms import SendGridAccount, TremendousAccount, TwilioAccount


def _hook_url(call: Call, account: VendorAccount) -> str | None:
    """Its token lets anybody knock: for those who set up the vendor's side."""
    path = f"/hooks/{account.vendor}/{account.hook_token}"
    return call.runtime.settings.base_url + path if call.caller.may("admin") else None


_HOOK_URL: Schema = {
    "type": ["string", "null"],
    "description": "where the vendor posts its webhooks; null for members, who do not set it up",
}
VENDOR_ACCOUNT = Resource(
    "vendor-accounts",
    VendorAccount,
    words("vendor status config"),
    "accounts at outside systems, without their secrets; id is the vendor's name",
    STATUS,
    whole=True,
    extras={"hook_url": (_HOOK_URL, _hook_url)},
)


def _connect(call: Call) -> Any:
    from moref.tenants.connect_vendor import connect_vendor

    account = connect_vendor(call.runtime, call.organization_id, call.body, actor=call.caller.member_id)
    return VENDOR_ACCOUNT.shown_to(call, account)


def _change(call: Call) -> Any:
    from moref.tenants.change_vendor import change_vendor

    id = call.get(VendorAccount, call.params["id"]).id
    changed = change_vendor(call.runtime, call.organization_id, id, call.body, actor=call.caller.member_id)
    return VENDOR_ACCOUNT.shown_to(call, changed)


# Without Idempotency-Key: a kept request would keep the credentials. Asked twice, the account is the same.
OPERATIONS = (
    Operation("PUT", "/v1/vendor-accounts/twilio", _connect, "owner", "vendor-accounts",
              "Connects Twilio for SMS and WhatsApp, or replaces its credentials", VENDOR_ACCOUNT.schema,
              body=TwilioAccount, whole=True, fresh=True),
    Operation("PUT", "/v1/vendor-accounts/sendgrid", _connect, "owner", "vendor-accounts",
              "Connects SendGrid: e-mail leaves by it from now on, and no longer by the platform",
              VENDOR_ACCOUNT.schema, body=SendGridAccount, whole=True, fresh=True),
    Operation("PUT", "/v1/vendor-accounts/tremendous", _connect, "owner", "vendor-accounts",
              "Connects Tremendous, or replaces its credentials", VENDOR_ACCOUNT.schema, body=TremendousAccount,
              whole=True, fresh=True),
    Operation("PATCH", "/v1/vendor-accounts/{id}", _change, "admin", "vendor-accounts",
              "Stops an account, or takes it up again", VENDOR_ACCOUNT.schema, body=VendorAccountChanges, whole=True),
)  # fmt: skip
