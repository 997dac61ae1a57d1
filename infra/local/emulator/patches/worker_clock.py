"""Lambda workers see the moved clock.

ministack writes the script of a Python worker from a constant; `worker_clock.py` is put in front of it. No
`.pth` file and no `sitecustomize` is needed, and no other Python process is touched.
"""

from __future__ import annotations

from pathlib import Path

from ministack.core import lambda_runtime

PRELUDE = Path(__file__).resolve().parents[1] / "worker_clock.py"


def install() -> None:
    lambda_runtime._PYTHON_WORKER_SCRIPT = PRELUDE.read_text() + "\n" + lambda_runtime._PYTHON_WORKER_SCRIPT
