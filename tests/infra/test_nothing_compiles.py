"""On Lambda code lies in read-only folders: what is built by an interpreter of the runtime's own minor version starts
without compiling anything, wherever it stands and however old the zip says that it is."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.constructs.function import function_code
from infra.constructs.layers import build_shared, compile_for_runtime

LOCAL = (sys.version_info.major, sys.version_info.minor)
DOORS = ("redirect", "crm_webhook")
COUNT = """
import builtins, importlib._bootstrap_external as loader, sys
compiled = []
of_source = loader.SourceLoader.source_to_code
def noted(self, data, path, **options):
    compiled.append(path)
    return of_source(self, data, path, **options)
loader.SourceLoader.source_to_code = noted
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
print(len([path for path in files if path.startswith(ROOT)]), [path for path in compiled if path.startswith(ROOT)])
"""


def unpacked(folder: Path, target: Path) -> None:
    """Through a zip with the fixed date that CDK gives it, then without the right to write."""
    archive = target.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                written.writestr(
                    zipfile.ZipInfo(str(path.relative_to(folder)), (1980, 1, 1, 0, 0, 0)), path.read_bytes()
                )
    with zipfile.ZipFile(archive) as read:
        read.extractall(target)
    for path in [target, *target.rglob("*")]:
        os.utime(path, (0, 0))
        path.chmod(0o555 if path.is_dir() else 0o444)


def imported(root: Path, *names: str) -> str:
    environment = {"PYTHONPATH": f"{root}/layer:{root}/function"}
    command = [sys.executable, "-S", "-c", COUNT.replace("ROOT", repr(str(root))), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def build(tmp_path: Path, door: str, runtime: tuple[int, int]) -> Path:
    shared = tmp_path / "built"
    build_shared(shared)
    compile_for_runtime(shared, runtime)
    root = tmp_path / "opt"
    root.mkdir()
    unpacked(shared, root / "layer")
    with function_code(door, runtime) as folder:
        unpacked(folder, root / "function")
    return root


@pytest.fixture
def names() -> dict[str, tuple[str, ...]]:
    return {
        "redirect": ("redirect.handler",),
        "crm_webhook": ("crm_webhook.handler", "moref.intake.crm.generic"),
    }


@pytest.mark.parametrize("door", DOORS)
def test_a_door_built_for_its_runtime_compiles_nothing(
    tmp_path: Path, names: dict[str, tuple[str, ...]], door: str
) -> None:
    root = build(tmp_path, door, LOCAL)
    before = sorted(path for path in root.rglob("*"))
    count, compiled = imported(root, *names[door]).split(" ", 1)
    assert int(count) > 10
    assert compiled == "[]"
    assert sorted(path for path in root.rglob("*")) == before, "nothing is written"


def test_built_for_another_runtime_it_would_compile_everything(
    tmp_path: Path, names: dict[str, tuple[str, ...]]
) -> None:
    root = build(tmp_path, "redirect", (2, 7))
    assert "redirect/handler.py" in imported(root, *names["redirect"])
