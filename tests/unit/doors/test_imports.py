"""The hot doors start fast: in a clean interpreter they load our layer, the standard library, and little of that."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from moref.kernel import plugins

ROOT = Path(__file__).resolve().parents[3]
SLOW = ("dataclasses", "logging", "urllib.request", "typing", "uuid", "zoneinfo", "inspect", "asyncio", "decimal")
SCRIPT = """
import json, sys
sys.path[:0] = {paths!r}
import importlib
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
ADAPTERS = [f"moref.intake.crm.{name}" for name in plugins.names("moref.intake.crm")]


def loaded(*names: str) -> set[str]:
    """What is in memory after importing these with only our layer and the functions to see: -S hides site-packages."""
    paths = [str(ROOT / "layers/shared/python"), str(ROOT / "functions")]
    script = SCRIPT.format(paths=paths, names=names)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True, env={}, timeout=30
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("door", ["redirect.handler", "crm_webhook.handler"])
def test_a_door_loads_nothing_slow_and_nothing_foreign(door: str) -> None:
    modules = loaded(door, *(ADAPTERS if door.startswith("crm") else ()))
    assert modules & set(SLOW) == set()
    own = {"moref", "redirect", "crm_webhook", "__main__"}
    foreign = {name.partition(".")[0] for name in modules} - own - sys.stdlib_module_names
    assert foreign - {"sitecustomize"} == set()


def test_every_adapter_is_found() -> None:
    assert "moref.intake.crm.generic" in ADAPTERS


def test_the_light_client_stays_small() -> None:
    assert len((ROOT / "layers/shared/python/moref/aws/light.py").read_text().splitlines()) <= 250
