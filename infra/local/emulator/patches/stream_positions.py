"""After a restart a stream mapping reads new records at once.

ministack keeps each mapping's position over a restart but not the stream's records, so records written
afterwards were skipped until the old position had been passed. The stream begins at 0 again, and so do we.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc


def install() -> None:
    restore = lambda_svc._restore_esm_positions

    def restore_from_the_start(store: Any, positions: Any) -> None:
        restore(store, positions)
        if store is lambda_svc._dynamodb_stream_positions:
            for key in list(store._data):
                store._data[key] = 0

    lambda_svc._restore_esm_positions = restore_from_the_start
