"""Operations on a location's logo: a form to upload it with, and what becomes of it."""

from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import LOCATION
from moref.tenants.forms import Form, Identifier, Version
from moref.tenants.model import Location
from moref.tenants.picture import PictureType


class LogoUpload(Form):
    content_type: PictureType


class LogoConfirmation(Form):
    upload_id: Identifier
    version: Version


def _offer(call: Call) -> Any:
    from moref.tenants.logo import MOST_BYTES, offer_upload

    place = call.get(Location, call.params["id"])
    offer = offer_upload(call.runtime, call.organization_id, place.id, call.body.content_type)
    return {
        "upload_id": offer.upload_id,
        "url": offer.upload.url,
        "fields": offer.upload.fields,
        "max_bytes": MOST_BYTES,
        "expires_at": offer.expires_at.isoformat(),
    }


def _confirm(call: Call) -> Any:
    from moref.tenants.logo import confirm_logo

    place, said = call.get(Location, call.params["id"]), call.body
    changed = confirm_logo(
        call.runtime, call.organization_id, place.id, said.upload_id, version=said.version, actor=call.caller.member_id
    )
    return LOCATION.view(changed)


def _remove(call: Call) -> Any:
    from moref.tenants.logo import remove_logo

    place = call.get(Location, call.params["id"])
    return LOCATION.view(remove_logo(call.runtime, call.organization_id, place.id, actor=call.caller.member_id))


_OFFER: Schema = {
    "type": "object",
    "properties": {
        "upload_id": {"type": "string"},
        "url": {"type": "string", "description": "post the form there as multipart/form-data, the file last as `file`"},
        "fields": {
            "type": "object",
            "description": "of the form, each as it is",
            "additionalProperties": {"type": "string"},
        },
        "max_bytes": {"type": "integer"},
        "expires_at": {"type": "string", "format": "date-time"},
    },
    "required": ["upload_id", "url", "fields", "max_bytes", "expires_at"],
}

OPERATIONS = (
    Operation("POST", "/v1/locations/{id}/logo", _offer, "admin", "locations",
              "Gives a form to upload a logo with", _OFFER.copy, status=201, body=LogoUpload),
    Operation("POST", "/v1/locations/{id}/logo/confirm", _confirm, "admin", "locations",
              "Checks the uploaded picture and shows it in mails and pages from now on", LOCATION.schema,
              body=LogoConfirmation),
    Operation("DELETE", "/v1/locations/{id}/logo", _remove, "admin", "locations",
              "Removes the logo, also from mails that were sent with it", LOCATION.schema),
)  # fmt: skip
