"""Each function's log lines go to `logs/<function>.log` the moment they are written.

AWS shows them in CloudWatch Logs, and so does ministack, one stream per invocation and only after it; a file
per function is what a person can follow. Lines of a worker that dies at import are kept too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime


def install() -> None:
    logs = Path(os.environ["EMULATOR_FUNCTION_LOGS"])

    def read_stderr(self: Any) -> None:
        process = self._proc
        with (logs / f"{self.func_name}.log").open("a", buffering=1) as file:
            for line in process.stderr:
                file.write(line)
                self._stderr_queue.put(line.rstrip("\n"))

    lambda_runtime.Worker._read_stderr = read_stderr
