"""Writes the API's OpenAPI document and its page of documentation beside the function that serves them.

python -m infra.openapi           writes functions/api/openapi.json and docs.html
python -m infra.openapi --check   exit 1 when they are not what the routes say
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "functions" / "api"


def files() -> dict[Path, str]:
    """What the files should hold. The routes are the product's: it is imported here only, by whoever asks."""
    from moref.api.docs import page
    from moref.api.openapi import document

    described = document()
    text = json.dumps(described, indent=1, ensure_ascii=False) + "\n"
    return {FOLDER / "openapi.json": text, FOLDER / "docs.html": page(described)}


def main(arguments: list[str]) -> int:
    wanted = files()
    if "--check" in arguments:
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        sys.stderr.writelines(f"{path.name} is not what the routes say: run `make openapi`\n" for path in stale)
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(FOLDER.parents[1] / "layers" / "shared" / "python")]
    sys.exit(main(sys.argv[1:]))
