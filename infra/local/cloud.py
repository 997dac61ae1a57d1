"""One local cloud as a whole: up, down, and a handle for tests and the demo."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config

from infra.local import processes
from infra.local.deploy import deploy_assembly
from infra.local.layout import REGION, REPOSITORY, Layout
from infra.local.synth import LAYER, synthesise

CLOCK_SECONDS = 600
Echo = Callable[[str], None]


def _quiet(_: str) -> None:
    """For callers that want no progress lines."""


class NotAtRest(Exception):
    """Something still ran after the clock's deadline; the message says what."""


@dataclass(frozen=True)
class Clock:
    """The clock of one cloud, through its desk."""

    desk_url: str

    def now(self) -> datetime:
        return datetime.fromisoformat(str(self._ask("GET", "/clock")["now"]))

    def advance(self, seconds: float, step: float | None = None) -> datetime:
        """Move time forward; returns when everything due meanwhile has been done. Raises NotAtRest."""
        finer = f"&step={step}" if step else ""
        return datetime.fromisoformat(str(self._ask("POST", f"/clock?seconds={seconds}{finer}")["now"]))

    def drain(self) -> None:
        """Wait until no function, queue, stream or webhook has anything to do. Raises NotAtRest."""
        self._ask("POST", "/drain")

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        answer = requests.request(method, self.desk_url + path, timeout=CLOCK_SECONDS)
        if answer.status_code == 504:
            raise NotAtRest(answer.json()["error"])
        answer.raise_for_status()
        return dict(answer.json())


@dataclass(frozen=True)
class Cloud:
    """A running local cloud. `outputs` is what `outputs.json` holds."""

    layout: Layout
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The product's public address."""
        return self.layout.front_url

    @property
    def desk(self) -> str:
        """Address of the sandboxes, the messages page and the clock."""
        return self.layout.desk_url

    @property
    def clock(self) -> Clock:
        return Clock(self.layout.desk_url)

    def boto(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return boto_client(self.layout, service)


def boto_client(layout: Layout, service: str) -> Any:
    """A boto3 client of this cloud, whatever AWS settings the caller has."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=layout.aws_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 (the emulator accepts any)
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=120),
    )


def _outputs(layout: Layout, stacks: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "api_url": layout.front_url,
        "sandbox_url": layout.desk_url,
        "messages_url": f"{layout.desk_url}/messages.json",
        "messages_page": f"{layout.desk_url}/messages",
        "clock_url": f"{layout.desk_url}/clock",
        "aws_endpoint": layout.aws_url,
        "stacks": stacks,
    }


def _seeded(outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs with what the seed adds, when the product has a seed."""
    if importlib.util.find_spec("infra.local.seed") is None:
        return outputs
    for path in (str(LAYER), str(REPOSITORY / "functions")):
        if path not in sys.path:
            sys.path.insert(0, path)
    added = importlib.import_module("infra.local.seed").seed(outputs)
    return outputs | (added or {})


def up(layout: Layout, echo: Echo = _quiet, *, seed: bool = True) -> Cloud:
    """Bring a cloud up, or up to date when it runs already. Raises SynthFailed, DidNotStart, DeployFailed."""
    layout.directory.mkdir(parents=True, exist_ok=True)
    echo("synthesised" if synthesise(layout) else "sources unchanged, synthesis skipped")
    echo("started" if processes.start(layout) else "was running already")
    stacks = deploy_assembly(layout.assembly, lambda service: boto_client(layout, service))
    echo(f"deployed {', '.join(stacks)}")
    outputs = _outputs(layout, stacks)
    outputs = _seeded(outputs) if seed else outputs
    layout.outputs_file.write_text(json.dumps(outputs, indent=2) + "\n")
    return Cloud(layout, outputs)


def down(layout: Layout) -> bool:
    """Stop the cloud's processes; its data stays for the next `up`. False when nothing ran."""
    return processes.stop(layout)


def wipe(layout: Layout) -> None:
    """Forget the data, logs and clock of a stopped cloud; the synthesised assembly stays."""
    for path in (layout.state, layout.logs, layout.temporary):
        shutil.rmtree(path, ignore_errors=True)
    layout.outputs_file.unlink(missing_ok=True)


@contextmanager
def running_cloud(
    directory: Path,
    port_base: int,
    echo: Echo = _quiet,
    *,
    fresh: bool = True,
    seed: bool = True,
    enforce_iam: bool = True,
) -> Iterator[Cloud]:
    """A cloud with the whole product in it, stopped at the end; with no data from before when `fresh`."""
    layout = Layout(directory.resolve(), port_base, enforce_iam)
    if fresh:
        down(layout)
        wipe(layout)
    try:
        yield up(layout, echo, seed=seed)
    finally:
        down(layout)


@contextmanager
def running_bare(directory: Path, port_base: int) -> Iterator[Cloud]:
    """A fresh cloud without the product: emulator, desk and front only. What is tried in it needs no role."""
    layout = Layout(directory.resolve(), port_base, enforce_iam=False)
    down(layout)
    wipe(layout)
    try:
        processes.start(layout)
        yield Cloud(layout, _outputs(layout, {}))
    finally:
        down(layout)
