"""With IAM enforced, what is checked has the names it has on AWS.

AWS has no action `sqs:SendMessageBatch` (a policy that names it grants nothing; `sqs:SendMessage` covers both), and a
schedule's ARN holds its group, where ministack always says `default`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core import iam_actions

_SINGLE = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
_SCHEDULE = re.compile(r"(arn:aws:scheduler:[^:]*:[^:]*:schedule)/default/(.+)")


def install() -> None:
    action_of, arn_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(*arguments: Any) -> str | None:
        action: str | None = action_of(*arguments)
        return _SINGLE.get(action or "", action)

    def extract_resource_arn(*arguments: Any) -> str:
        arn: str = arn_of(*arguments)
        schedule = _SCHEDULE.fullmatch(arn)
        if schedule is None:
            return arn
        body, query = arguments[4:6]
        return f"{schedule[1]}/{_group(body, query)}/{schedule[2]}"

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def _group(body: bytes, query: dict[str, Any]) -> str:
    """Create and update name it in the body, get and delete in the query."""
    given = json.loads(body).get("GroupName") if body else query.get("groupName")
    return str(given[0] if isinstance(given, list) else given or "default")
