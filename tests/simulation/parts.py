"""One search in several processes: a part for each seed, as many at a time as there are cores."""

import multiprocessing
import os
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor

import pytest

Search = Callable[[int], object]  # of a seed; can be sent to another process: of a module, or a `partial` of such


def search_in_parts(search: Search, seeds: Iterable[int]) -> None:
    """Fails with everything that is to be told of each part that failed, falsifying examples in full.

    Processes begin anew, so that none inherits the threads or clients of another test. Of a parent that was killed
    none is left over.
    """
    pool = ProcessPoolExecutor(
        os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn"), initializer=_as_under_pytest
    )
    try:
        parts = [pool.submit(_failure, search, seed) for seed in seeds]
        failures = [failure for part in parts if (failure := part.result()) is not None]
    finally:
        pool.shutdown(cancel_futures=True)  # who was interrupted waits for what runs, not for what has not begun
    if failures:
        pytest.fail("\n\n".join(failures), pytrace=False)


def _failure(search: Search, seed: int) -> str | None:
    try:
        search(seed)
    except Exception:  # noqa: BLE001  told by the test as it stands; an exception of any class may not survive the way
        return f"The part with seed {seed}:\n{traceback.format_exc()}"
    return None


def _as_under_pytest() -> None:
    warnings.simplefilter("error")
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
