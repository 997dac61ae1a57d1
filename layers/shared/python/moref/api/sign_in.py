"""Signing in: by a code in an e-mail or with Google, renewing it, switching organization, signing out."""

from typing import Any, Literal

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.schemas import object_of
from moref.runtime import Runtime
from moref.signin.codes import VALID
from moref.signin.sessions import SignedIn
from moref.signin.tokens import ACCESS
from moref.tenants.forms import Email, Form, Identifier

_ORGANIZATION = Field(
    default=None, description="whose token is wanted; without it the last one's, else the first by name"
)


class CodeWanted(Form):
    email: Email
    language: Literal["en", "es"] = Field(default="en", description="of the e-mail")


class CodeFromMail(Form):
    email: Email
    code: str = Field(pattern=r"^[0-9]{6}$", description="the newest one that was sent")
    organization_id: Identifier | None = _ORGANIZATION


class GoogleWanted(Form):
    redirect_uri: str = Field(min_length=1, max_length=500, description="where the browser comes back to")


class GoogleCode(Form):
    state: str = Field(min_length=1, max_length=128, description="as it came back with the code")
    ticket: str = Field(min_length=1, max_length=128, description="as the attempt was given; it never travels in a URL")
    code: str = Field(min_length=1, max_length=2048)
    organization_id: Identifier | None = _ORGANIZATION


class Renewal(Form):
    refresh_token: str = Field(max_length=256, description="good for one use; a copy that is used ends the session")
    organization_id: Identifier | None = _ORGANIZATION


class End(Form):
    refresh_token: str = Field(max_length=256)


def _ask(call: Call) -> Any:
    from moref.signin.ask_code import ask_code

    ask_code(call.runtime, call.body.email, call.body.language, source=call.source)
    return {"valid_seconds": int(VALID.total_seconds())}


def _verify(call: Call) -> Any:
    from moref.signin.verify_code import verify_code

    body = call.body
    return shown(
        call.runtime,
        verify_code(call.runtime, body.email, body.code, source=call.source, organization_id=body.organization_id),
    )


def _begin(call: Call) -> Any:
    from moref.signin.sign_in_google import VALID as OPEN
    from moref.signin.sign_in_google import begin

    begun = begin(call.runtime, call.body.redirect_uri, source=call.source)
    return {
        "authorization_url": begun.authorization_url,
        "state": begun.state,
        "ticket": begun.ticket,
        "valid_seconds": int(OPEN.total_seconds()),
    }


def _finish(call: Call) -> Any:
    from moref.signin.sign_in_google import finish

    body = call.body
    found = finish(call.runtime, body.state, body.ticket, body.code, organization_id=body.organization_id)
    return shown(call.runtime, found)


def _refresh(call: Call) -> Any:
    from moref.signin.refresh import refresh

    return shown(call.runtime, refresh(call.runtime, call.body.refresh_token, call.body.organization_id))


def _sign_out(call: Call) -> None:
    from moref.signin.sign_out import sign_out

    sign_out(call.runtime, call.body.refresh_token)


def _everywhere(call: Call) -> None:
    from moref.signin.sign_out import sign_out_everywhere

    sign_out_everywhere(call.runtime, call.person.email)


def _me(call: Call) -> Any:
    from moref.signin.memberships import memberships
    from moref.signin.verify_code import known

    person, _ = known(call.runtime, call.person.email, call.runtime.clock.now())
    return {"email": person.email, **places(call.runtime, person, memberships(call.runtime.store, person))}


def shown(runtime: Runtime, signed_in: SignedIn) -> dict[str, Any]:
    now = signed_in.membership
    return {
        "access_token": signed_in.access_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS.total_seconds()),
        "refresh_token": signed_in.refresh_token,
        "organization_id": now.organization.id if now else None,
        "member_id": now.member.id if now else None,
        **places(runtime, signed_in.person, signed_in.memberships),
    }


def places(runtime: Runtime, person: Any, found: Any) -> dict[str, Any]:
    from moref.signin.memberships import invitations

    return {
        "memberships": [
            {
                "organization_id": each.organization.id,
                "organization": each.organization.name,
                "member_id": each.member.id,
                "role": each.member.role,
            }
            for each in found
        ],
        "invitations": [
            {
                "id": invitation.id,
                "organization": organization.name,
                "role": invitation.role,
                "expires_at": invitation.model_dump(mode="json")["expires_at"],
            }
            for invitation, organization in invitations(runtime, person)
        ],
    }


_TEXT: Schema = {"type": "string"}
_ROLE: Schema = {"type": "string", "enum": ["owner", "admin", "member"]}
_AT: Schema = {"type": "string", "format": "date-time"}
_PLACES: dict[str, Schema] = {
    "memberships": {
        "type": "array",
        "items": object_of(organization_id=_TEXT, organization=_TEXT, member_id=_TEXT, role=_ROLE),
    },
    "invitations": {"type": "array", "items": object_of(id=_TEXT, organization=_TEXT, role=_ROLE, expires_at=_AT)},
}


def signed_in_schema() -> Schema:
    maybe: Schema = {"type": ["string", "null"], "description": "null for somebody without organization"}
    return {
        "title": "SignedIn",
        **object_of(
            access_token={"type": "string", "description": "the bearer token of every call, for 15 minutes"},
            token_type={"type": "string", "enum": ["Bearer"]},
            expires_in={"type": "integer", "description": "seconds"},
            refresh_token={"type": "string", "description": "for 30 days and one use"},
            organization_id=maybe,
            member_id=maybe,
            **_PLACES,
        ),
    }


def _asked_schema() -> Schema:
    return object_of(valid_seconds={"type": "integer", "description": "of the code, if a mail can reach the address"})


def _begun_schema() -> Schema:
    seconds: Schema = {"type": "integer", "description": "until the browser must be back"}
    return object_of(authorization_url=_TEXT, state=_TEXT, ticket=_TEXT, valid_seconds=seconds)


def _me_schema() -> Schema:
    return {"title": "Me", **object_of(email=_TEXT, **_PLACES)}


OPERATIONS = (
    Operation("POST", "/v1/sign-in/code", _ask, "member", "sign-in",
              "Sends a code of six digits by e-mail; the answer is the same for every address", _asked_schema,
              status=202, body=CodeWanted, access="anyone"),
    Operation("POST", "/v1/sign-in/verify", _verify, "member", "sign-in",
              "Signs in by the code; who has no organization yet may found one", signed_in_schema, body=CodeFromMail,
              access="anyone"),
    Operation("POST", "/v1/sign-in/google", _begin, "member", "sign-in",
              "Begins a sign-in with Google: send the browser to the address and keep the ticket", _begun_schema,
              status=201, body=GoogleWanted, access="anyone"),
    Operation("POST", "/v1/sign-in/google/verify", _finish, "member", "sign-in",
              "Signs in by what Google sent the browser back with", signed_in_schema, body=GoogleCode,
              access="anyone"),
    Operation("POST", "/v1/sign-in/refresh", _refresh, "member", "sign-in",
              "Renews both tokens, also for another of one's organizations", signed_in_schema, body=Renewal,
              access="anyone"),
    Operation("POST", "/v1/sign-out", _sign_out, "member", "sign-in", "Ends the session of a refresh token", dict,
              status=204, body=End, access="anyone"),
    Operation("POST", "/v1/sign-out/everywhere", _everywhere, "member", "sign-in",
              "Ends every session and every token of whoever calls", dict, status=204, access="person"),
    Operation("GET", "/v1/me", _me, "member", "sign-in", "Who is signed in, where they belong, and who invites them",
              _me_schema, access="person"),
)  # fmt: skip
