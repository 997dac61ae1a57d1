"""A member sends a template to themselves: to their own e-mail address and nowhere else, marked, audited, a few times
an hour."""

from moref.kernel.errors import Conflict
from moref.messaging.plan_message import message_id, planned
from moref.messaging.sample import SAMPLE
from moref.messaging.template_model import Language
from moref.messaging.templates import effective
from moref.records import Create, create_once, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Member

MOST_PER_HOUR = 10


def send_sample(
    runtime: Runtime, organization_id: str, name: str, location: Location, *, member_id: str, language: Language
) -> str:
    """The message's id; it holds the words as they count at the location now. Raises Conflict when the hour's samples
    are used up, BadInput on an unknown template, NotFound."""
    now = runtime.clock.now()
    member = get(runtime.store, Member, organization_id, member_id)
    form = effective(runtime.store, organization_id, name, location.id)
    fields = {"to": member.email, "of": name, "of_version": form.version_id, "language": language}
    for place in range(MOST_PER_HOUR):
        # The id is that of a place in the hour: two at once never take the same, and there are no more.
        cause = f"sample.{member_id}.{now:%Y%m%d%H}.{place}"
        first, *others = planned(
            runtime, organization_id, cause=cause, template=SAMPLE, kind="staff", location_id=location.id,
            contact=None, fields=fields,
        )  # fmt: skip
        audit = audited(now, organization_id, member_id, "template.sent_to_oneself", name)
        if isinstance(first, Create) and create_once(runtime.store, first.entity, *others, audit):
            return message_id(organization_id, cause)
    raise Conflict(f"a member sends themselves at most {MOST_PER_HOUR} samples an hour")
