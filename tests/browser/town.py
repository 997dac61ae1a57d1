"""Every page that a browser can be shown, on one address: the pages function, the link's door, and the pages made for
staff and developers, over the same fakes."""

from datetime import UTC, datetime
from typing import Any

from infra.local.sandbox import messages
from moref.api import docs
from moref.api.openapi import document
from moref.campaigns.model import Enrollment, PageToken
from moref.campaigns.places import Place
from moref.kernel.env import Redirect
from moref.kernel.keys import GLOBAL
from moref.pages.dispatch import answer as pages
from moref.records import Change, Create, get
from moref.reporting.save_digest import save_digest
from moref.tenants.model import Organization
from redirect.visit import RedirectDoor
from tests.browser import mails
from tests.fakes.light import FakeLight
from tests.fakes.referral_world import LOCATION, ORG, World
from tests.unit.reporting import week_world

REVIEW, PREFERENCES, REPORT = "abcdefghij2345672345", "bcdefghijk2345672345", "cdefghijkl2345672345"
_AFTER_THE_WEEK = datetime(2026, 6, 8, 14, 0, tzinfo=UTC)
_AT = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)


class Town:
    """Answers HTTP API events. `light.down = {"get"}` closes the link's door."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.light = FakeLight(w.store)
        settings = Redirect.from_env(
            {"STAGE": "prod", "CORE_TABLE": "core", "TRAFFIC_TABLE": "traffic", "BASE_URL": "https://go.example"}
        )
        self._door = RedirectDoor(self.light, settings, lambda: w.clock.now().timestamp())  # type: ignore[arg-type]

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        path = event["rawPath"]
        if path.startswith("/r/"):
            method = event["requestContext"]["http"]["method"]
            return self._door.visit(method, path.removeprefix("/r/"), event["headers"])[0]
        if path.startswith("/mail/"):
            return mails.answer(path)
        made = {"/v1/docs": _docs, "/messages": _messages, "/messages/none": _no_messages}.get(path)
        if made is None:
            return pages(self.w.runtime, event)
        return {"statusCode": 200, "headers": {"content-type": "text/html; charset=utf-8"}, "body": made()}


def ask(w: World) -> str:
    """A customer who was asked for a score, and the path of their page."""
    w.contact("con_c", phone="+15125550144")
    w.job("job_1", "con_c", facts=["completed"])
    enrollment = Enrollment(
        **w.base("enr_1"), campaign_id="review_collection", version_id="ver_1", trigger="job_completed", cause="job_1",
        began_at=w.clock.now(), contact_id="con_c", job_id="job_1",
        location_id=LOCATION, places=[Place(zone="America/Chicago")], token=REVIEW,
    )  # fmt: skip
    w.store.commit(Create(enrollment), _token(w, REVIEW, "review", enrollment.id))
    return f"/review/{REVIEW}"


def subscribe(w: World, **address: str) -> str:
    """A customer with these addresses, and the path of their preferences."""
    w.contact("con_p", **address)
    w.store.commit(_token(w, PREFERENCES, "preferences", "con_p"))
    return f"/u/{PREFERENCES}"


def weekly_report(w: World, *, title: str = "Bluebird Moving", by: int = 1, name: str = "Ann") -> str:
    """An owner who gets the weekly report of an organization of that name, and the path of the page."""
    w.clock.at = _AFTER_THE_WEEK
    organization = get(w.store, Organization, ORG, ORG)
    w.store.commit(Change(organization, organization.changed(w.clock.now(), name=title)))
    week_world.member(w.runtime, ORG, "mem_1")
    if by:
        week_world.counters(w.runtime, ORG, by=by, name=name)
    save_digest(w.runtime, ORG, 0, ["mem_1"], "America/Chicago", actor="mem_1")
    w.store.commit(_token(w, REPORT, "report", f"mem_1.{week_world.MONDAY.isoformat()}"))
    return f"/report/{REPORT}"


def _token(w: World, id: str, page: Any, subject: str) -> Create:
    base = {**w.base(id), "organization_id": GLOBAL}
    return Create(PageToken(**base, owner_id=ORG, page=page, subject_id=subject))


def _docs() -> str:
    return docs.page(document())


def _no_messages() -> str:
    return messages.page([], _AT)


def _messages() -> str:
    text: messages.Sent = {
        "at": _AT.isoformat(), "channel": "sms", "to": "+15125550144", "from": "+15125550100", "status": "delivered",
        "subject": None, "body": mails.text("ask"),
    }  # fmt: skip
    return messages.page([text, *(_sent(name) for name in ("ask", "reward", "low_score"))], _AT)


def _sent(name: str) -> messages.Sent:
    mail = mails.written(name)
    return {
        "at": _AT.isoformat(), "channel": "email", "to": "maria@friend.example", "from": "austin@bluebird.example",
        "status": "sent", "subject": mail.subject, "body": mail.text, "html": mail.html,
    }  # fmt: skip
