"""Where the outside systems' own descriptions and samples are: beside the checkout, in `shared/vendors`."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_vendor(name: str) -> Path:
    """The folder of a vendor. Without it the test is skipped, saying so; in CI (CI=true) it fails."""
    folder = ROOT.parent / "shared" / "vendors" / name
    if folder.is_dir():
        return folder
    reason = f"shared/vendors/{name} is not beside the checkout"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
