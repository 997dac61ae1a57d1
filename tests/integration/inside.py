"""A use-case run inside a cloud's own environment, for what no door offers yet: a process of its own, because the
product's AWS clients take endpoint and credentials from the environment, once."""

import json
import os
import subprocess
import sys
from typing import Any

from infra.local.cloud import Cloud
from infra.local.layout import REGION, REPOSITORY


def inside(cloud: Cloud, module: str, **given: Any) -> Any:
    """Runs `python -m <module>` with what is given as JSON on its input; the JSON of its last line."""
    paths = [REPOSITORY / "layers" / "shared" / "python", REPOSITORY / "functions", REPOSITORY]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "AWS_ENDPOINT_URL": cloud.outputs["aws_endpoint"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    environment.pop("AWS_PROFILE", None)
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(given), env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
