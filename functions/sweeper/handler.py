"""Every two minutes: re-sends the events that the stream missed."""

from typing import Any

from moref.aws.router import router
from moref.aws.worker import run_rule
from moref.kernel.env import Sweeper
from moref.runtime import Runtime


def sweep(runtime: Runtime) -> dict[str, Any]:
    return {"resent": router(runtime).sweep()}


handler = run_rule(Sweeper, sweep)
