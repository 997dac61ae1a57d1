"""Every two minutes: re-sends the events that the stream missed; once an hour, what else is late; once a day, counters
are derived anew."""

from collections.abc import Callable
from typing import Any

from moref.aws.log import failure, logger
from moref.aws.router import router
from moref.aws.worker import run_rule
from moref.billing.refresh import sweep_subscriptions as subscriptions
from moref.billing.trial_mails import sweep_trials as trials
from moref.campaigns.sweep import sweep_overdue as steps
from moref.hourly import DAY, HOUR, once_an_hour
from moref.imports.forget import sweep_imports as imports
from moref.intake.sweep import sweep_waiting as records
from moref.kernel.env import Sweeper
from moref.messaging.sweep import sweep_overdue as messages
from moref.privacy.sweep import sweep_closings as closings
from moref.privacy.sweep import sweep_erasures as erasures
from moref.privacy.sweep import sweep_exports as exports
from moref.privacy.sweep import sweep_retention as retention
from moref.referrals.dispute_due import sweep_disputes as disputes
from moref.referrals.sweep import sweep_overdue as leads
from moref.reporting.count_again import sweep_counters as counters
from moref.reporting.digest_due import sweep_digests as digests
from moref.rewards.expire import sweep_codes as codes
from moref.runtime import Runtime
from moref.transfers.sweep import sweep_transfers as transfers

Sweep = Callable[[Runtime], int]

EVERY_ROUND: dict[str, Sweep] = {"events": lambda runtime: router(runtime).sweep()}
HOURLY: dict[str, Sweep] = {
    "steps": steps, "messages": messages, "leads": leads, "crm": records, "disputes": disputes, "codes": codes,
    "erasures": erasures, "exports": exports, "subscriptions": subscriptions, "closings": closings,
    "digests": digests, "imports": imports, "trials": trials, "transfers": transfers,
}  # fmt: skip
DAILY: dict[str, Sweep] = {"counters": counters, "retention": retention}


def sweep(runtime: Runtime) -> dict[str, Any]:
    """How many were sent again, by kind. One kind's failure leaves the others their turn, and fails the round."""
    sent: dict[str, int] = {}
    failed: list[str] = []
    for name, work in (EVERY_ROUND | HOURLY | DAILY).items():
        try:
            count = (
                work(runtime)
                if name in EVERY_ROUND
                else once_an_hour(runtime, f"sweep.{name}", work, pause=DAY if name in DAILY else HOUR)
            )
            if count is not None:
                sent[name] = count
        except Exception as error:  # noqa: BLE001  logged, and raised below when all had their turn
            logger().error("sweep failed", extra={"sweep": name} | failure(error))
            failed.append(name)
    if failed:
        raise RuntimeError(f"not swept: {', '.join(failed)}")
    return sent


handler = run_rule(Sweeper, sweep)
