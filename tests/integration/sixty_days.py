"""Inside the cloud: saves the campaign of test_sixty_days, or tells where its enrollments are."""

import json
import sys
from typing import Any

from infra.local.seed import _runtime
from moref.campaigns.check import Around, check_definition
from moref.campaigns.definition import Definition
from moref.campaigns.model import Campaign, CampaignVersion, Enrollment
from moref.messaging.templates import effective
from moref.records import Create, every

CAMPAIGN = "sixty_days"


def save(runtime: Any, org: str, given: dict[str, Any]) -> None:
    definition = Definition.model_validate(given)
    around = Around([], lambda name: effective(runtime.store, org, name), lambda name: name.startswith("ask"))
    if problems := check_definition(definition, around):
        raise ValueError(problems)
    now = runtime.clock.now()
    made: dict[str, Any] = {"organization_id": org, "created_at": now, "updated_at": now}
    version = CampaignVersion(
        **made, id=f"{CAMPAIGN}.v1", campaign_id=CAMPAIGN, number=1, made_by="mem_1",
        definition=definition,
    )  # fmt: skip
    row = Campaign(**made, id=CAMPAIGN, base=CAMPAIGN, status="active", version_id=version.id, versions=1)
    runtime.store.commit(Create(version), Create(row))


def tell(runtime: Any, org: str) -> dict[str, Any]:
    found = [one for one in every(runtime.store, Enrollment, org) if one.campaign_id == CAMPAIGN]
    return {one.job_id or one.id: one.data() for one in found}


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    if "definition" in given:
        save(_runtime(), given["org"], given["definition"])
    sys.stdout.write(json.dumps(tell(_runtime(), given["org"])) + "\n")
