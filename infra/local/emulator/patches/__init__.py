"""Corrections of ministack 1.5.33, one per file. Each names the AWS behaviour that it restores.

They replace private names, so the version is pinned and `expect_version` refuses any other.
"""

from __future__ import annotations

from importlib.metadata import version

from infra.local.emulator.patches import (
    activity,
    async_retry,
    batch_window,
    fair_queues,
    iam_names,
    patient_timeout,
    scheduler_tick,
    sent_mail,
    silent_handler,
    stream_positions,
    stream_retry,
    tls,
    worker_clock,
    worker_logs,
)

KNOWN_VERSION = "1.5.33"
ALL = (
    scheduler_tick,
    stream_retry,
    stream_positions,
    batch_window,
    fair_queues,
    async_retry,
    activity,
    worker_clock,
    worker_logs,
    silent_handler,
    patient_timeout,
    sent_mail,
    iam_names,
    tls,
)


def install_all() -> None:
    """Patch ministack; call after its environment is set and before its server starts."""
    found = version("ministack")
    if found != KNOWN_VERSION:
        raise RuntimeError(f"these patches are for ministack {KNOWN_VERSION}, found {found}: re-check each of them")
    for patch in ALL:
        patch.install()
