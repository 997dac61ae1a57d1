"""Operations on crew members, and QR codes of links."""

from typing import Any, Literal

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.referrals.model import CrewMember, Link
from moref.tenants.forms import Changes, Form, Identifier, Name
from moref.tenants.model import Location


def _url(call: Call, member: CrewMember) -> str:
    return _link(call, member.code)


CREW_MEMBER = Resource(
    "crew-members",
    CrewMember,
    words("location_id name advocate_id code status"),
    "who works at customers' doors, each with a link for a QR code; referrals by it have their advocate_id",
    STATUS | PLACE,
    extras={"url": ({"type": "string", "description": "where the QR code leads; permanent"}, _url)},
)


class NewCrewMember(Form):
    location_id: Identifier
    name: Name


class CrewMemberChanges(Changes):
    name: Name = ""
    status: Literal["active", "archived"] = "active"


def _create(call: Call) -> Any:
    from moref.referrals.crew_members import create_crew_member

    place = call.get(Location, call.body.location_id).id
    id, actor = call.new_id("crw"), call.caller.member_id
    made = create_crew_member(
        call.runtime, call.organization_id, id, location_id=place, name=call.body.name, actor=actor
    )
    return CREW_MEMBER.shown_to(call, made)


def _change(call: Call) -> Any:
    from moref.referrals.crew_members import change_crew_member

    member, said = call.get(CrewMember, call.params["id"]), call.body
    changed = change_crew_member(
        call.runtime, call.organization_id, member.id, said.given(), version=said.version, actor=call.caller.member_id
    )
    return CREW_MEMBER.shown_to(call, changed)


def _crew_svg(call: Call) -> Any:
    return _svg(call, call.get(CrewMember, call.params["id"]).code)


def _crew_png(call: Call) -> Any:
    return _png(call, call.get(CrewMember, call.params["id"]).code)


def _link_svg(call: Call) -> Any:
    return _svg(call, call.get(Link, call.params["id"]).id)


def _link_png(call: Call) -> Any:
    return _png(call, call.get(Link, call.params["id"]).id)


def _svg(call: Call, code: str) -> str:
    from moref import qr

    return qr.svg(_link(call, code))


def _png(call: Call, code: str) -> bytes:
    from moref import qr

    return qr.png(_link(call, code))


def _link(call: Call, code: str) -> str:
    return f"{call.runtime.settings.base_url}/r/{code}"


_SVG: Schema = {"type": "string", "contentMediaType": "image/svg+xml"}
_PNG: Schema = {"type": "string", "contentMediaType": "image/png", "description": "the picture's bytes"}

OPERATIONS = (
    Operation("POST", "/v1/crew-members", _create, "admin", "crew-members",
              "Adds a crew member with a permanent link for a QR code", CREW_MEMBER.schema, status=201,
              body=NewCrewMember, idempotency="optional"),
    Operation("PATCH", "/v1/crew-members/{id}", _change, "admin", "crew-members",
              "Changes a crew member; whoever is archived keeps the link", CREW_MEMBER.schema, body=CrewMemberChanges),
    Operation("GET", "/v1/crew-members/{id}/qr.svg", _crew_svg, "member", "crew-members",
              "The QR code, to print at any size", _SVG.copy, produces="image/svg+xml"),
    Operation("GET", "/v1/crew-members/{id}/qr.png", _crew_png, "member", "crew-members",
              "The QR code as pixels", _PNG.copy, produces="image/png"),
    Operation("GET", "/v1/links/{id}/qr.svg", _link_svg, "member", "links",
              "The QR code of an advocate's link, to print at any size", _SVG.copy, produces="image/svg+xml"),
    Operation("GET", "/v1/links/{id}/qr.png", _link_png, "member", "links",
              "The QR code of an advocate's link as pixels", _PNG.copy, produces="image/png"),
)  # fmt: skip
