"""`python -m infra.local up [--fresh] | down [--wipe] | status | logs [function]`.

MOREF_LOCAL_DIR and MOREF_PORT_BASE choose which cloud; see layout.py.
"""

from __future__ import annotations

import argparse
import sys

from infra.local import cloud
from infra.local.deploy import DeployFailed
from infra.local.layout import Layout
from infra.local.processes import DidNotStart
from infra.local.status import report
from infra.local.synth import SynthFailed


def _up(layout: Layout, options: argparse.Namespace) -> int:
    if options.fresh:
        cloud.down(layout)
        cloud.wipe(layout)
    try:
        running = cloud.up(layout, print)
    except (SynthFailed, DidNotStart, DeployFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"product   {running.url}")
    print(f"messages  {running.desk}/messages")
    print(f"desk      {running.desk}/   (clock, recorded requests, failures on demand)")
    print(f"outputs   {layout.outputs_file}")
    return 0


def _down(layout: Layout, options: argparse.Namespace) -> int:
    print("stopped" if cloud.down(layout) else "nothing was running")
    if options.wipe:
        cloud.wipe(layout)
    return 0


def _status(layout: Layout, _: argparse.Namespace) -> int:
    print("\n".join(report(layout)))
    return 0


def _logs(layout: Layout, options: argparse.Namespace) -> int:
    files = sorted(layout.logs.glob("*.log"))
    if not options.function:
        print("\n".join(f"{file.stem:40} {file.stat().st_size:>9} bytes  {file}" for file in files))
        return 0
    wanted = [file for file in files if options.function in file.stem]
    for file in wanted:
        print(file.read_text(errors="replace"), end="")
    return 0 if wanted else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    up = verbs.add_parser("up", help="start, deploy and seed; repeat it to deploy a change")
    up.add_argument("--fresh", action="store_true", help="forget all data first")
    up.set_defaults(run=_up)
    down = verbs.add_parser("down", help="stop; data stays")
    down.add_argument("--wipe", action="store_true", help="forget all data, too")
    down.set_defaults(run=_down)
    verbs.add_parser("status", help="processes, addresses, dead letters").set_defaults(run=_status)
    logs = verbs.add_parser("logs", help="log files, or the log of functions whose name contains the word")
    logs.add_argument("function", nargs="?")
    logs.set_defaults(run=_logs)
    options = parser.parse_args()
    return int(options.run(Layout.from_environment(), options))


sys.exit(main())
