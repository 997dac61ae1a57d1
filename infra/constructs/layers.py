"""The two layers, built at synth without Docker: our code, and the wheels that it runs on."""

import compileall
import py_compile
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from packaging.requirements import Requirement

from infra.stages import Stage

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = lambda_.Runtime.PYTHON_3_14  # the newest, as cdk-nag asks; the embedded AWS runs its own interpreter
RUNTIME_VERSION = (3, 14)
ARCHITECTURE = lambda_.Architecture.ARM_64
WHEEL_PLATFORM = "aarch64-manylinux_2_28"
UNZIPPED_LIMIT = 250_000_000  # bytes; Lambda's quota for a function with all its layers

# Part of the runtime: boto3 with what it needs. A second urllib3 in a layer would shadow botocore's.
PROVIDED = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"})
UNUSED = ("tests", "test", "__pycache__", "bin", "*.pyi", "py.typed")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def compile_for_runtime(folder: Path, runtime: tuple[int, int], inside: str = "/opt/python") -> None:
    """Adds byte code when this interpreter is of the runtime's minor version; otherwise it would be of no use.

    Lambda's folders are read-only, so code without byte code is recompiled at every cold start. Zips carry fixed
    dates, so the byte code must not be checked against the source's date. `inside` is where Lambda unpacks it.
    """
    if sys.version_info[:2] != runtime:
        return
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    # The path inside Lambda: tracebacks read well, and the same source gives the same asset everywhere.
    done = compileall.compile_dir(folder, quiet=1, invalidation_mode=mode, stripdir=str(folder), prependdir=inside)
    if not done:
        raise ValueError(f"a module under {folder} does not compile; the lines above name it")


def runtime_closure(pins: dict[str, str]) -> dict[str, str]:
    """{name: lock lines} of what the functions need: the project's dependencies and theirs, less what is provided."""
    wanted = [Requirement(line) for line in _project_dependencies()]
    found: dict[str, str] = {}
    while wanted:
        requirement = wanted.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in found or name in PROVIDED or not _applies(requirement):
            continue
        found[name] = pins[name]
        wanted.extend(Requirement(line) for line in requires(name) or ())
    return dict(sorted(found.items()))


def _applies(requirement: Requirement) -> bool:
    target = {"platform_machine": "aarch64", "sys_platform": "linux", "python_version": "3.14", "extra": ""}
    return requirement.marker is None or requirement.marker.evaluate(target)


def _project_dependencies() -> list[str]:
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])


def lock_pins(lock: str) -> dict[str, str]:
    """{name: its pin with hashes} of a requirements file with hashes."""
    pins: dict[str, str] = {}
    name = ""
    for line in lock.splitlines():
        if line and not line[0].isspace():
            name = line.partition("==")[0]
            pins[name] = line
        elif name:
            pins[name] += f"\n{line}"
    return pins


def build_shared(target: Path) -> None:
    shutil.copytree(ROOT / "layers/shared/python", target, ignore=shutil.ignore_patterns(*UNUSED))


def build_deps(target: Path) -> None:
    """Downloads wheels for the runtime's platform (a second when cached). Raises CalledProcessError."""
    pins = runtime_closure(lock_pins((ROOT / "requirements.lock").read_text()))
    wanted = target.parent / "runtime.lock"
    wanted.write_text("\n".join(pins.values()) + "\n")
    command = [
        str(ROOT / ".venv/bootstrap/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--python-platform", WHEEL_PLATFORM, "--python-version", "3.14",
        "--target", str(target), "-r", str(wanted),
    ]  # fmt: skip
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command over our own lock file
    for pattern in UNUSED:
        for path in list(target.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class Layers(Construct):
    """`shared` always; `deps` only where no virtual environment is at hand, i.e. not in the local stage."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "Layers")
        # The embedded AWS runs functions with the interpreter that runs this.
        self.runtime = sys.version_info[:2] if stage.is_local else RUNTIME_VERSION
        self.shared = self._layer("shared", build_shared)
        self.deps = None if stage.is_local else self._layer("deps", build_deps)
        if self.runtime != sys.version_info[:2]:
            here, there = (".".join(map(str, version)) for version in (sys.version_info[:2], self.runtime))
            sys.stderr.write(
                f"{stage.name}: layers without byte code (synth on {here}, Lambda on {there}): slower starts\n"
            )

    def _layer(self, name: str, build: Callable[[Path], None]) -> lambda_.LayerVersion:
        with tempfile.TemporaryDirectory(prefix=f"moref-{name}-") as scratch:
            content = Path(scratch) / "layer" / "python"
            content.parent.mkdir()
            build(content)
            compile_for_runtime(content, self.runtime)
            if (size := size_of(content)) > UNZIPPED_LIMIT:
                raise ValueError(f"layer {name} has {size} bytes unzipped; Lambda takes {UNZIPPED_LIMIT}")
            return lambda_.LayerVersion(  # copies the folder now, before it goes away
                self,
                name.capitalize(),
                code=lambda_.Code.from_asset(str(content.parent)),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[ARCHITECTURE],
            )
