"""Every function imports with nothing but what its layers and the Lambda runtime give it, and an empty environment.

The embedded AWS runs functions inside the whole virtual environment, so a wheel missing from a layer passes there.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.layers import PROVIDED, ROOT, build_shared, lock_pins, runtime_closure
from moref.kernel.env import CONTRACTS
from tests.infra.template import Cloud

MEGABYTE = 1024 * 1024
MOST = 256  # megabytes at the height of an import: the smallest memory any function has
SCRIPT = """
import importlib, json, sys
sys.path[:] = [path for path in sys.path if path] + {paths!r}
for name in {modules!r}:
    module = importlib.import_module(name)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
foreign = sorted({{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names))
print(json.dumps({{"handler": callable(getattr(module, "handler", None)), "peak_kb": peak, "foreign": foreign}}))
"""


@pytest.fixture(scope="session")
def shared_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("shared") / "python"
    build_shared(target)
    return target


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The deps layer's wheels, and what the Lambda runtime brings, both for the interpreter that runs this."""
    pins = lock_pins((ROOT / "requirements.lock").read_text())
    folder = tmp_path_factory.mktemp("wheels")
    deps = _install(folder / "deps", runtime_closure(pins).values())
    return deps, _install(folder / "runtime", [pins[name] for name in sorted(PROVIDED)])


def _install(target: Path, pins: Iterable[str]) -> Path:
    wanted = target.with_suffix(".lock")
    wanted.write_text("\n".join(pins) + "\n")
    command = [str(ROOT / ".venv/bootstrap/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python", sys.executable, "--target", str(target), "-r", str(wanted)]
    subprocess.run(command, check=True)
    return target


def imported(name: str, paths: list[Path], scratch: Path) -> dict[str, Any]:
    """What a clean interpreter says of all of a function's modules, its handler last, with `paths` to see."""
    code = scratch / "code"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions" / name, code / name, ignore=ignored)  # no sibling, as in the asset
    modules = sorted(f"{name}.{file.stem}" for file in (code / name).glob("*.py") if file.stem != "__init__")
    modules.sort(key=lambda module: module.endswith(".handler"))
    return run(modules, [code, *paths], scratch)


def run(modules: list[str], paths: list[Path], scratch: Path) -> dict[str, Any]:
    script = SCRIPT.format(paths=[str(path) for path in paths], modules=modules)
    command = [sys.executable, "-S", "-E", "-s", "-c", script]
    done = subprocess.run(command, cwd=scratch, env={}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def layers_of(cloud: Cloud, name: str) -> set[str]:
    """shared, deps: what the deployed function declares."""
    named = {layer.id: layer for layer in cloud.of("AWS::Lambda::LayerVersion")}
    declared = [named[reference[2:-1]] for reference in cloud.function(name).properties["Layers"]]
    return {"deps" if "Deps" in layer.id else "shared" for layer in declared}


@pytest.fixture
def layers(clouds: dict[str, Cloud], shared_layer: Path, wheels: tuple[Path, Path]) -> Callable[[str], list[Path]]:
    """The folders that a function's declared layers, and the runtime, put on its path."""
    return lambda name: [shared_layer, *(wheels if "deps" in layers_of(clouds["prod"], name) else ())]


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_a_function_imports_with_its_layers_only_and_no_environment(
    name: str, layers: Callable[[str], list[Path]], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    paths = layers(name)
    found = imported(name, paths, tmp_path)
    peak = round(found["peak_kb"] * 1024 / MEGABYTE)
    record_property("peak_mb", peak)
    sys.stdout.write(f"{name}: {peak} MB at the height of its import\n")
    assert found["handler"]
    assert peak < MOST
    if len(paths) == 1:
        assert set(found["foreign"]) <= {"moref", name, "__main__"}, "a door sees our code and the standard library"
        assert peak < MOST / 4


def test_every_module_of_our_layer_imports_with_the_declared_wheels(
    shared_layer: Path, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    files = [file for file in shared_layer.rglob("*.py") if file.stem != "__init__"]
    modules = sorted(".".join(file.relative_to(shared_layer).with_suffix("").parts) for file in files)
    assert len(modules) > 100
    assert run(modules, [shared_layer, *wheels], tmp_path)["peak_kb"] * 1024 < MOST * MEGABYTE


def test_the_doors_are_those_that_declare_no_third_party_layer(clouds: dict[str, Cloud]) -> None:
    light = {name for name in CONTRACTS if layers_of(clouds["prod"], name) == {"shared"}}
    assert {"redirect", "crm_webhook"} <= light


def test_what_is_missing_is_noticed(shared_layer: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="ModuleNotFoundError"):
        imported("api", [shared_layer], tmp_path)
