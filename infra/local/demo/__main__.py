"""Run it: `make demo` (or `python -m infra.local.demo`). Exit 0 means that every claim it printed was checked."""

import os
import sys
import time
from pathlib import Path

from infra.local.cloud import running_cloud
from infra.local.demo.driver import Driver, StoryError
from infra.local.demo.story import Story


def main() -> int:
    began = time.monotonic()
    directory = Path(os.environ.get("MOREF_LOCAL_DIR", ".local/demo"))
    port_base = int(os.environ.get("MOREF_PORT_BASE", "4650"))
    print("Mo-ref demo: starting the embedded AWS and deploying the application ...", flush=True)
    with running_cloud(directory, port_base, lambda line: print(f"  {line}", flush=True)) as cloud:
        print(f"ready after {time.monotonic() - began:.0f} s at {cloud.url}", flush=True)
        story = Story(Driver(cloud.outputs))
        try:
            story.tell()
        except StoryError as broken:
            story.line.flush()
            print(f"\nNOT AS PROMISED: {broken}", file=sys.stderr)
            return 1
    print(f"\nEvery line above was checked. {time.monotonic() - began:.0f} s in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
