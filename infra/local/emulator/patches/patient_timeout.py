"""A function gets three times its timeout.

AWS gives every environment its own share of a processor; here all functions, the emulator and whatever else the
machine does share a few cores, and a cold start can take seconds. Three times is still below the visibility
timeout of our queues (six times), so a message is never handed out twice because of it.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime

FACTOR = 3


def install() -> None:
    invoke = lambda_runtime.Worker.invoke

    def invoke_patiently(self: Any, *arguments: Any, **options: Any) -> Any:
        config = self.config
        self.config = {**config, "Timeout": int(config.get("Timeout", 3)) * FACTOR}
        try:
            return invoke(self, *arguments, **options)
        finally:
            self.config = config

    lambda_runtime.Worker.invoke = invoke_patiently
