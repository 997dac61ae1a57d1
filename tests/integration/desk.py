"""The operator's desk as an operator uses it: its command line, in a process of its own."""

import os
import subprocess
import sys

from infra.local.cloud import Cloud
from infra.local.layout import REPOSITORY


def operate(cloud: Cloud, *words: str, code: int = 0, given: str = "") -> str:
    """Runs `python -m infra.ops --local ...` from the repository; what it printed. The exit code must be `code`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.ops", "--local", *words],
        env=environment | {"MOREF_LOCAL_DIR": str(cloud.layout.directory)},
        cwd=REPOSITORY, input=given, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
