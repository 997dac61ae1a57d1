"""`sweep [kind ...]`: what the sweeper and the reconcile job do by the clock, now and in full."""

import argparse
from collections.abc import Callable

from infra.ops.desk import Desk
from moref.aws.clients import error_code
from moref.kernel.errors import MorefError
from moref.rewards.reconcile import reconcile
from moref.runtime import Runtime


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = verbs.add_parser("sweep", help="send what is late, now")
    found.add_argument("kinds", nargs="*", metavar="kind", choices=[*kinds(), []], help=f"{', '.join(kinds())}")
    found.set_defaults(run=_sweep)


def kinds() -> dict[str, Callable[[Runtime], int]]:
    """By name; each tells how much it sent, and is harmless when repeated."""
    from sweeper.handler import EVERY_ROUND, HOURLY

    return {**EVERY_ROUND, **HOURLY, "payouts": reconcile}


def _sweep(desk: Desk, options: argparse.Namespace) -> int:
    """One kind's failure leaves the others their turn."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    failed = 0
    for name, work in kinds().items():
        if options.kinds and name not in options.kinds:
            continue
        try:
            desk.say(f"{name:12} {work(desk.runtime)} sent again")
        except (MorefError, PynamoDBException, BotoCoreError, ClientError) as error:
            failed += 1
            desk.say(f"{name:12} failed: {error_code(error) or error}")
    return 1 if failed else 0
