"""The week's report is due: each recipient gets one e-mail with the numbers in short, and a link to their page."""

from datetime import date, timedelta

from moref.campaigns.model import PageToken
from moref.kernel import ids
from moref.kernel.keys import GLOBAL
from moref.messaging.plan_message import planned
from moref.records import Create, create_once, every
from moref.reporting.digest import READABLE, WEEKLY, Digest, sees_money
from moref.reporting.tables import STAGES
from moref.reporting.weekly import Weekly, weekly
from moref.runtime import Runtime
from moref.tenants.model import Location, Member

TEMPLATE = "weekly_report"


def send_digest(runtime: Runtime, organization_id: str, week: str) -> int:
    """On report.digest_due: plans an e-mail for every recipient, once; how many. Repeating it sends none again."""
    digest = runtime.store.find(Digest, organization_id, WEEKLY)
    if digest is None:
        return 0
    wanted = [id for id in digest.member_ids if id not in digest.stopped]
    members = [runtime.store.find(Member, organization_id, id) for id in wanted]
    return sum(_send(runtime, member, date.fromisoformat(week)) for member in members if member is not None)


def _send(runtime: Runtime, member: Member, week: date) -> bool:
    """False: sent before, or the member is none any more, or sees no branch that is open."""
    org, now = member.organization_id, runtime.clock.now()
    branch = _branch(runtime, member)
    if member.status != "active" or branch is None:
        return False
    numbers = weekly(runtime.store, org, member.location_ids, week, money=sees_money(member))
    token = PageToken(
        organization_id=GLOBAL, id=ids.token(), created_at=now, updated_at=now, owner_id=org, page="report",
        subject_id=f"{member.id}.{week.isoformat()}",
    )  # fmt: skip
    link = f"{runtime.settings.base_url}/report/{token.id}"
    message, *others = planned(
        runtime, org, cause=f"digest.{member.id}.{week.isoformat()}", template=TEMPLATE, kind="staff",
        location_id=branch.id, contact=None, fields={"to": member.email, "report_link": link} | summary(numbers),
    )  # fmt: skip
    if not isinstance(message, Create):
        raise TypeError("a planned message is created")
    return create_once(runtime.store, message.entity, *others, Create(token, expires_at=now + READABLE))


def summary(its: Weekly) -> dict[str, str]:
    """The lines of the e-mail itself, for those who read no further."""
    lines = {"report": its.title, "week": f"{its.first.isoformat()} to {(its.first + timedelta(days=6)).isoformat()}"}
    for stage in STAGES:
        now, before = its.stages[stage]
        lines[stage] = f"{now:,} (the week before: {before:,})"
    waiting = its.conversions["pending"] + its.conversions["held"]
    return lines | {"decisions_waiting": f"{waiting:,}"}


def _branch(runtime: Runtime, member: Member) -> Location | None:
    """Whose name the e-mail bears: the oldest open branch that the member sees."""
    open = every(runtime.store, Location, member.organization_id, status="active")
    mine = [each for each in open if member.location_ids is None or each.id in member.location_ids]
    return min(mine, key=lambda each: (each.created_at, each.id), default=None)
