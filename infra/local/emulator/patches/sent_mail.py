"""Sent e-mail keeps its headers, and raw messages keep their addresses.

On AWS `List-Unsubscribe`, `Reply-To` and the like reach the recipient's mailbox. ministack's record of a sent
message drops them, and of a raw message also the addresses that stand only in its headers; the messages page
and the tests need both.
"""

from __future__ import annotations

import base64
import json
from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import Any

from ministack.services import ses, ses_v2


def details(request: dict[str, Any]) -> dict[str, Any]:
    """What ministack's record of a SESv2 SendEmail request lacks: `Tags`, `Headers`, and of raw content From and To."""
    return _head(request) | {"Tags": {tag["Name"]: tag["Value"] for tag in request.get("EmailTags") or []}}


def _head(request: dict[str, Any]) -> dict[str, Any]:
    content = request.get("Content") or {}
    raw = (content.get("Raw") or {}).get("Data")
    if raw:
        message = message_from_bytes(base64.b64decode(raw), policy=policy.default)
        return {
            "Headers": {name: str(value) for name, value in message.items()},
            "Source": request.get("FromEmailAddress") or str(message.get("From", "")),
            "To": (request.get("Destination") or {}).get("ToAddresses")
            or [address for _, address in getaddresses([str(value) for value in message.get_all("To", [])])],
        }
    kind = content.get("Simple") or content.get("Template") or {}
    headers = {header["Name"]: header["Value"] for header in kind.get("Headers") or []}
    if request.get("ReplyToAddresses"):
        headers["Reply-To"] = ", ".join(request["ReplyToAddresses"])
    return {"Headers": headers}


def install() -> None:
    handle = ses_v2.handle_request

    async def handle_and_keep(method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
        answer = await handle(method, path, headers, body, query)
        if method == "POST" and path.rstrip("/").endswith("/outbound-emails") and answer[0] == 200:
            message_id = json.loads(answer[2])["MessageId"]
            for record in reversed(ses._sent_emails_list()):
                if record["MessageId"] == message_id:
                    record.update(details(json.loads(body)))
                    break
        return answer

    ses_v2.handle_request = handle_and_keep


def sent() -> list[dict[str, Any]]:
    """Every e-mail sent so far, oldest first, as ministack's records."""
    lists = [entries for entries in ses._sent_emails._data.values() if isinstance(entries, list)]
    return sorted((record for entries in lists for record in entries), key=lambda record: record["Timestamp"])
