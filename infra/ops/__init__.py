"""The operator's desk: `python -m infra.ops --help`. Runs from the repository's root, with nothing on PYTHONPATH."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
# The product's own code: the layer, and the functions whose rounds `sweep` runs.
sys.path += [str(path) for path in (_ROOT / "layers/shared/python", _ROOT / "functions") if str(path) not in sys.path]
