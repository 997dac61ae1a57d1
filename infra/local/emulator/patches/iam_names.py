"""With IAM enforced, what is checked has the names it has on AWS.

AWS has no action `sqs:SendMessageBatch` (a policy that names it grants nothing; `sqs:SendMessage` covers both); a
schedule's ARN holds its group, where ministack always says `default`; and an e-mail is sent as an identity, where
ministack asks for `*`.
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
_SEND_MAIL = "/v2/email/outbound-emails"


def install() -> None:
    action_of, arn_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(*arguments: Any) -> str | None:
        action: str | None = action_of(*arguments)
        return _SINGLE.get(action or "", action)

    def extract_resource_arn(*arguments: Any) -> str:
        arn: str = arn_of(*arguments)
        path, body, query = arguments[2], *arguments[4:6]
        if schedule := _SCHEDULE.fullmatch(arn):
            return f"{schedule[1]}/{_group(body, query)}/{schedule[2]}"
        return _identity(body, *arguments[6:]) if path == _SEND_MAIL else arn

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def _group(body: bytes, query: dict[str, Any]) -> str:
    """Create and update name it in the body, get and delete in the query."""
    given = json.loads(body).get("GroupName") if body else query.get("groupName")
    return str(given[0] if isinstance(given, list) else given or "default")


def _identity(body: bytes, region: str, account: str) -> str:
    """The verified domain of the sender, who may have a display name."""
    domain = json.loads(body)["FromEmailAddress"].rpartition("@")[2].rstrip(">")
    return f"arn:aws:ses:{region}:{account}:identity/{domain}"
