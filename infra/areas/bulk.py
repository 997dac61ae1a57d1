"""Long work that staff asked for: imports, exports, erasures, slice by slice beside everybody's daily work."""

from aws_cdk import Duration

from infra.constructs.function import Size
from infra.constructs.parts import Feed, Parts
from infra.constructs.permissions import ITEMS
from moref.kernel import names

BULK = Size(512, Duration.seconds(30))


def build(parts: Parts) -> None:
    may = parts.may
    parts.worker(
        "bulk_worker",
        BULK,
        # A few at once, so that a large import of one organization leaves the tables' capacity to the others.
        (Feed(names.BULK, at_once=4, batch=1, late_after=Duration.minutes(60)),),
        may.state(),
        may.table(names.TRAFFIC, *ITEMS),
        may.ledger(),
        may.platform_secret(),
        may.tenant_secrets("Encrypt", "Decrypt"),
        may.forget_look_ups(),
        may.send(names.BULK, names.INBOX),
        schedules=True,
        files=True,
    )
