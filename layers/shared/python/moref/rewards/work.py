"""What the payouts queue carries, and the use-case each message asks for."""

from datetime import datetime
from typing import Any

from moref.books.provider_statement import make_statement
from moref.kernel.errors import Malformed
from moref.records import get
from moref.rewards.advance import advance
from moref.rewards.connect import connect as connect_account
from moref.rewards.funding import forecast
from moref.rewards.model import Payout
from moref.rewards.ports import Connect
from moref.rewards.redirect import redirect
from moref.runtime import Runtime


def work(runtime: Runtime, message: dict[str, Any], connect: Connect = connect_account) -> None:
    """Events reward.released, reward.reversed, payout.retried and statement.asked, and the commands pay
    and forecast. Raises as `advance` does.

    A reversal has cancelled its payout in its own commit; looking again takes what is left off the open list.
    """
    org = message["organization_id"]
    if message.get("command") == "forecast":
        forecast(runtime, org, message["account_id"], connect)
        return
    if message.get("name") == "payout.redirected":
        redirect(runtime, org, message["subject"], connect)
        return
    if message.get("name") == "statement.asked":
        make_statement(runtime, org, message["subject"], connect)
        return
    slot = datetime.fromisoformat(message["slot"]) if "slot" in message else None
    if message.get("name") in ("reward.released", "reward.reversed"):
        reward_id = message["subject"]
    elif message.get("name") == "payout.retried":
        reward_id = message["data"]["reward_id"]
    elif message.get("command") == "pay":
        reward_id = message.get("reward_id") or get(runtime.store, Payout, org, message["payout_id"]).reward_id
    else:
        raise Malformed("not work for payouts")
    advance(runtime, org, reward_id, slot=slot, connect=connect)
