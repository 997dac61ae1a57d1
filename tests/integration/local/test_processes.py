"""Clouds keep apart, and a cloud that cannot start says so and leaves nothing behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from infra.local import processes
from infra.local.layout import Layout
from tests.integration.local.conftest import bare_place


def test_a_port_in_use_is_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    _, base = bare_place("taken", 2)
    layout = Layout(tmp_path, base)
    with socket.create_server(("127.0.0.1", layout.front_port)):
        with pytest.raises(processes.DidNotStart, match=str(base)):
            processes.start(layout)
        assert [process.pid(layout) for process in processes.PROCESSES] == [None, None, None]
    assert not processes.listens(layout.aws_port)


def test_the_pid_of_another_program_is_never_taken_for_ours(tmp_path: Path) -> None:
    layout = Layout(tmp_path, 1)
    layout.pids.mkdir(parents=True)
    processes.EMULATOR.pid_file(layout).write_text(str(os.getpid()))
    assert processes.EMULATOR.pid(layout) is None
    assert processes.stop(layout) is False


def test_layouts_share_no_port() -> None:
    one, two = Layout(Path("/a"), 4600), Layout(Path("/b"), 4610)
    ports = [
        port for layout in (one, two) for process in processes.PROCESSES for port in process.listening_ports(layout)
    ]
    assert len(set(ports)) == len(ports) == 8
