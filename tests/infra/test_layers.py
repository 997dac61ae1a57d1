"""Layers: which wheels, how big, and byte code that Lambda will not recompile."""

import importlib.util
import re
import struct
import sys
from pathlib import Path

import pytest

from infra.constructs.layers import PROVIDED, ROOT, compile_for_runtime, lock_pins, runtime_closure, size_of
from tests.infra.template import Cloud

MEGABYTE = 1_000_000


def _layer(cloud: Cloud, name: str) -> Path:
    [layer] = [each for each in cloud.of("AWS::Lambda::LayerVersion") if f"Layers{name}" in each.id]
    return cloud.folder / f"asset.{layer.properties['Content']['S3Key'].removesuffix('.zip')}" / "python"


def test_pins_keep_their_hashes() -> None:
    pins = lock_pins("a==1 \\\n    --hash=sha256:x\nb==2 ; python_version < '3.12' \\\n    --hash=sha256:y\n")
    assert pins["a"] == "a==1 \\\n    --hash=sha256:x"
    assert pins["b"].startswith("b==2 ;")
    assert pins["b"].endswith("sha256:y")


def test_the_closure_is_what_functions_import_and_nothing_of_the_workshop() -> None:
    names = set(runtime_closure(lock_pins((ROOT / "requirements.lock").read_text())))
    assert {"pydantic", "pydantic-core", "pynamodb", "requests", "markupsafe", "tzdata", "cryptography"} <= names
    assert not names & {*PROVIDED, "pytest", "mypy", "aws-cdk-lib", "ministack", "hypothesis"}


def test_deps_hold_arm_wheels_of_the_locks_versions_without_boto(aws_cloud: Cloud) -> None:
    deps = _layer(aws_cloud, "Deps")
    present = {path.name.split("-")[0].lower() for path in deps.glob("*.dist-info")}
    assert {"pydantic", "pynamodb", "aws_lambda_powertools"} <= present
    assert not present & {"boto3", "botocore", "s3transfer", "jmespath", "urllib3"}
    machines = {struct.unpack_from("<H", path.read_bytes(), 18)[0] for path in deps.rglob("*.so*")}
    assert machines == {0xB7}, "ELF machine AArch64"
    assert all("cpython-314" in path.name for path in deps.rglob("*.cpython-*.so"))


def test_layers_stay_far_below_the_quota(aws_cloud: Cloud) -> None:
    assert size_of(_layer(aws_cloud, "Shared")) < 10 * MEGABYTE
    assert size_of(_layer(aws_cloud, "Deps")) < 120 * MEGABYTE


def test_shared_is_our_code(cloud: Cloud) -> None:
    shared = _layer(cloud, "Shared")
    assert [path.name for path in shared.iterdir()] == ["moref"]
    source = ROOT / "layers/shared/python/moref/kernel/env.py"
    assert (shared / "moref/kernel/env.py").read_bytes() == source.read_bytes()


def test_byte_code_is_trusted_without_looking_at_the_source(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("def fails():\n    raise ValueError\n")
    compile_for_runtime(tmp_path, (sys.version_info.major, sys.version_info.minor))
    code = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    assert struct.unpack_from("<I", code, 4)[0] == 0b01, "hash-based and unchecked"
    assert re.search(rb"/opt/python/module\.py", code), "tracebacks name the path inside Lambda"


def test_byte_code_of_another_version_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("x = 1\n")
    compile_for_runtime(tmp_path, (2, 7))
    assert list(tmp_path.iterdir()) == [tmp_path / "module.py"]


def test_a_module_that_does_not_compile_stops_the_synthesis(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def (:\n")
    with pytest.raises(ValueError, match="does not compile"):
        compile_for_runtime(tmp_path, (sys.version_info.major, sys.version_info.minor))
