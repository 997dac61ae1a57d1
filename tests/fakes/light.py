"""The doors' client over the in-memory store's rows."""

import base64
import copy
import json
from typing import Any

from moref.kernel.errors import Conflict, Permanent, Retry
from tests.fakes.memory_store import MemoryStore


class FakeLight:
    """Tables are named core and traffic. `down` holds the operations that do not answer: get, put, decrypt."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.down: set[str] = set()
        self.calls: list[str] = []

    def get(self, table: str, key: tuple[str, str], *, within: float = 1.0) -> dict[str, Any] | None:
        self._called("get")
        return copy.deepcopy(self.store.rows.get((table, *key)))

    def put(self, table: str, row: dict[str, Any], *, within: float = 1.0) -> None:
        self._called("put")
        key = (table, row["pk"], row["sk"])
        if key in self.store.rows:
            raise Conflict
        self.store.rows[key] = copy.deepcopy(row)

    def decrypt(self, ciphertext: str, context: dict[str, str], *, within: float = 2.0) -> str:
        """What `FakeVault` sealed."""
        self._called("decrypt")
        organization, purpose, secret = json.loads(base64.b64decode(ciphertext))
        if context != {"organization": organization, "purpose": purpose}:
            raise Permanent("kms: 400 InvalidCiphertextException")
        return base64.b64encode(str(secret).encode("latin-1")).decode()

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.down:
            raise Retry(f"{operation}: TimeoutError")
