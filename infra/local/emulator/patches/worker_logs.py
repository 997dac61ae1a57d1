"""Each function's log lines go to `logs/<function>.log` the moment they are written.

AWS shows them in CloudWatch Logs, and so does ministack, one stream per invocation and only after it; a file
per function is what a person can follow. An exception that leaves the handler is logged with its traceback, as on
AWS; ministack hands it to the caller only.
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

    def write_error(function: str, error: Any) -> None:
        with (logs / f"{function}.log").open("a") as file:
            file.write(f"[ERROR] {error}\n")

    invoke = lambda_runtime.Worker.invoke

    def invoke_and_log(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            result = invoke(self, *arguments, **options)
        except RuntimeError as error:  # the module could not be imported
            write_error(self.func_name, error)
            raise
        if result.get("status") == "error":
            write_error(self.func_name, result.get("trace") or result.get("error"))
        return result

    lambda_runtime.Worker._read_stderr = read_stderr
    lambda_runtime.Worker.invoke = invoke_and_log
