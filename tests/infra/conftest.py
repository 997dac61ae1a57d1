"""One synthesis for the whole session, as a newcomer's machine does it: no AWS credentials, Node from the wheel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moref.kernel.names import STAGES
from tests.infra.template import Cloud, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("assembly") / "cdk.out"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "MOREF_"))
    } | {"PYTHONPATH": str(ROOT / "layers/shared/python"), "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-m", "infra.app", "--out", str(out)]
    command += [word for stage in STAGES for word in ("--stage", stage)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def clouds(assembly: Path) -> dict[str, Cloud]:
    return {stage: load(assembly, stage) for stage in STAGES}


@pytest.fixture(params=STAGES)
def cloud(request: pytest.FixtureRequest, clouds: dict[str, Cloud]) -> Cloud:
    return clouds[request.param]


@pytest.fixture(params=[stage for stage in STAGES if stage != "local"])
def aws_cloud(request: pytest.FixtureRequest, clouds: dict[str, Cloud]) -> Cloud:
    return clouds[request.param]
