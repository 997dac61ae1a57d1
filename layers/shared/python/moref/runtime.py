"""The composition a handler is given: every port of one environment, made once at the first call."""

from dataclasses import dataclass

from moref.kernel.env import Worker
from moref.ports import Clock, Files, Metrics, PlatformKeys, Queues, Scheduler, Vault
from moref.records import Store


@dataclass(frozen=True, slots=True)
class Runtime:
    """Use-cases take this (or the ports they need of it); tests make one of fakes with `tests.fakes.runtime`."""

    settings: Worker
    store: Store
    clock: Clock
    queues: Queues
    scheduler: Scheduler
    vault: Vault
    keys: PlatformKeys
    metrics: Metrics
    files: Files
