"""Starting and stopping the three background processes of a local cloud, by pid files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.local.layout import HOST, REPOSITORY, Layout

READY_SECONDS = 30
STOP_SECONDS = 15
LOOK_AGAIN_SECONDS = 0.02
_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this very process started, so that it can be waited for and leaves no zombie."""


class DidNotStart(Exception):
    """A process ended or stayed silent; the message has the end of its log."""


@dataclass(frozen=True)
class Process:
    """One kind of background process. The name is that of its pid file and its log."""

    name: str
    module: str
    ports: tuple[str, ...]

    def pid_file(self, layout: Layout) -> Path:
        return layout.pids / f"{self.name}.pid"

    def log_file(self, layout: Layout) -> Path:
        return layout.logs / f"{self.name}.log"

    def pid(self, layout: Layout) -> int | None:
        """The pid when it runs. A pid that now belongs to another program counts as not running."""
        try:
            pid = int(self.pid_file(layout).read_text())
        except (FileNotFoundError, ValueError):
            return None
        # A child of ours runs from the moment it is made; its command line is the parent's until it has become itself.
        child = _children.get(pid)
        runs = child.poll() is None if child else _runs(pid, self.module)
        return pid if runs else None

    def listening_ports(self, layout: Layout) -> list[int]:
        return [getattr(layout, port) for port in self.ports]


EMULATOR = Process("emulator", "infra.local.emulator", ("aws_port", "control_port"))
DESK = Process("desk", "infra.local.sandbox", ("desk_port",))
FRONT = Process("front", "infra.local.front", ("front_port",))
PROCESSES = (EMULATOR, DESK, FRONT)


def _runs(pid: int, module: str) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return module.encode() in command.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(until: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_AGAIN_SECONDS)
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def start(layout: Layout) -> bool:
    """Start what does not run yet and wait until it listens. False when everything ran already.

    Raises DidNotStart, and then has stopped what it had started.
    """
    missing = [process for process in PROCESSES if process.pid(layout) is None]
    for path in (layout.logs, layout.pids, layout.state, layout.temporary):
        path.mkdir(parents=True, exist_ok=True)
    try:
        for process in missing:
            _spawn(process, layout)
        for process in missing:
            _await_ready(process, layout)
    except DidNotStart:
        stop(layout)
        raise
    return bool(missing)


def _spawn(process: Process, layout: Layout) -> None:
    taken = [port for port in process.listening_ports(layout) if listens(port)]
    if taken:
        raise DidNotStart(f"{process.name}: port {taken[0]} is in use; choose others with MOREF_PORT_BASE")
    environment = os.environ | {
        "MOREF_LOCAL_DIR": str(layout.directory),
        "MOREF_PORT_BASE": str(layout.port_base),
        "AUTH": "true" if layout.enforce_iam else "false",  # read by ministack
        "PYTHONUNBUFFERED": "1",
    }
    with process.log_file(layout).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", process.module],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children[child.pid] = child
    process.pid_file(layout).write_text(str(child.pid))


def _await_ready(process: Process, layout: Layout) -> None:
    def ready_or_dead() -> bool:
        return process.pid(layout) is None or all(map(listens, process.listening_ports(layout)))

    if not _wait(ready_or_dead, READY_SECONDS) or process.pid(layout) is None:
        log = process.log_file(layout).read_text(errors="replace").splitlines()
        raise DidNotStart("\n".join([f"{process.name} did not start:", *log[-15:]]))


def stop(layout: Layout) -> bool:
    """Stop exactly the processes of this cloud, the emulator so that it can save its state."""
    running = [(process, pid) for process in reversed(PROCESSES) if (pid := process.pid(layout))]
    for _, pid in running:
        os.kill(pid, signal.SIGTERM)
    for process, pid in running:
        if not _wait(partial(_ended, process, pid, layout), STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            _wait(partial(_ended, process, pid, layout), STOP_SECONDS)
        process.pid_file(layout).unlink(missing_ok=True)
    return bool(running)


def _ended(process: Process, pid: int, layout: Layout) -> bool:
    """Whether the process is gone and its ports are free: a dying process loses its name before its sockets."""
    child = _children.get(pid)
    if child is not None:
        if child.poll() is None:
            return False
        del _children[pid]
    return not _runs(pid, process.module) and not any(map(listens, process.listening_ports(layout)))
