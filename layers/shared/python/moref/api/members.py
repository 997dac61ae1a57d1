"""Operations on staff: invitations, roles, removal. The list of members is in resources.py."""

from typing import Any, Literal

from pydantic import Field

from moref.api.operation import Call, Operation
from moref.api.resource import STATUS, Resource, words
from moref.signin.model import Invitation
from moref.tenants.forms import Changes, Email, Form, Identifier, Name
from moref.tenants.model import Member, Role

MEMBER = Resource(
    "members", Member, words("email name role location_ids status"), "staff", STATUS, whole=True, least="admin"
)
INVITATION = Resource(
    "invitations",
    Invitation,
    words("email name role location_ids language status expires_at invited_by"),
    "who was invited to become a member",
    STATUS,
    whole=True,
    least="admin",
)
_LOCATIONS = Field(default=None, max_length=100, description="only these; null for all. An owner sees all")


class NewInvitation(Form):
    email: Email
    name: Name
    role: Literal["owner", "admin", "member"] = "member"
    location_ids: list[Identifier] | None = _LOCATIONS
    language: Literal["en", "es"] = Field(default="en", description="of the e-mail")


class MemberChanges(Changes):
    name: Name = ""
    role: Literal["owner", "admin", "member"] = "member"
    location_ids: list[Identifier] | None = _LOCATIONS


def _by(call: Call) -> tuple[str, Role]:
    return call.caller.member_id, call.caller.role


def _invite(call: Call) -> Any:
    from moref.signin.invite import invite

    body = call.body
    made = invite(
        call.runtime, call.organization_id, email=body.email, name=body.name, role=body.role,
        location_ids=body.location_ids, language=body.language, by=_by(call),
    )  # fmt: skip
    return INVITATION.view(made)


def _resend(call: Call) -> Any:
    from moref.signin.invite import resend

    return INVITATION.view(resend(call.runtime, call.organization_id, call.params["id"], by=_by(call)))


def _withdraw(call: Call) -> Any:
    from moref.signin.invite import withdraw

    return INVITATION.view(withdraw(call.runtime, call.organization_id, call.params["id"], by=_by(call)))


def _accept(call: Call) -> Any:
    from moref.signin.accept import accept

    member = accept(call.runtime, call.params["id"], email=call.person.email)
    return {"organization_id": member.organization_id, "member_id": member.id, "role": member.role}


def _change(call: Call) -> Any:
    from moref.signin.change_member import change_member

    changed = change_member(
        call.runtime, call.organization_id, call.params["id"], call.body.given(), version=call.body.version,
        by=_by(call),
    )  # fmt: skip
    return MEMBER.view(changed)


def _remove(call: Call) -> Any:
    from moref.signin.change_member import remove_member

    return MEMBER.view(remove_member(call.runtime, call.organization_id, call.params["id"], by=_by(call)))


def _accepted() -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in ("organization_id", "member_id", "role")}
    return {"type": "object", "properties": properties, "required": list(properties)}


OPERATIONS = (
    Operation("POST", "/v1/invitations", _invite, "admin", "invitations",
              "Invites an e-mail address; it is open for 7 days and accepted by whoever signs in with it",
              INVITATION.schema, status=201, body=NewInvitation, whole=True, fresh=True),
    Operation("POST", "/v1/invitations/{id}/resend", _resend, "admin", "invitations",
              "Sends it once more, open for 7 more days", INVITATION.schema, whole=True, fresh=True),
    Operation("POST", "/v1/invitations/{id}/withdraw", _withdraw, "admin", "invitations", "Takes it back",
              INVITATION.schema, whole=True),
    Operation("POST", "/v1/invitations/{id}/accept", _accept, "member", "invitations",
              "Makes a member of whoever signed in with the invited address; renewing the session then gives the token",
              _accepted, access="person"),
    Operation("PATCH", "/v1/members/{id}", _change, "admin", "members",
              "Changes role or locations; owners are changed by owners, and one stays", MEMBER.schema,
              body=MemberChanges, whole=True, fresh=True),
    Operation("DELETE", "/v1/members/{id}", _remove, "admin", "members",
              "Removes a member, whose tokens end at once; owners are removed by owners, and one stays",
              MEMBER.schema, whole=True, fresh=True),
)  # fmt: skip
