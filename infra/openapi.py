"""Writes the API's OpenAPI document and its page of documentation beside the function that serves them.

Made of the routes at every synthesis, never committed: `python -m infra.openapi` writes functions/api/openapi.json
and docs.html.
"""

import json
import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "functions" / "api"


def files() -> dict[Path, str]:
    """What the files hold. The routes are the product's: it is imported here only, by whoever asks."""
    from moref.api.docs import page
    from moref.api.openapi import document

    described = document()
    text = json.dumps(described, indent=1, ensure_ascii=False) + "\n"
    return {FOLDER / "openapi.json": text, FOLDER / "docs.html": page(described)}


def write() -> None:
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)  # whole at once: somebody may be reading it


if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parents[1] / "layers" / "shared" / "python")]
    write()
