"""Runs inside each measured process, product or floor alike: `subject.py MODULE [warm|patient]`.

Standard input has the events, one JSON list a line. Without `warm` the first event of the first line is handled and
the process tells its peak memory; with it, each line is a round, and the process time of every event is told. Answers
go to standard error as JSON lines: standard output belongs to the product's own log line. `patient` is for valgrind.
"""

import json
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def peak_kb() -> int:
    """VmHWM, not ru_maxrss: that one still counts the process that forked us."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def tell(told: object) -> None:
    sys.stderr.write(json.dumps(told) + "\n")
    sys.stderr.flush()


def first(handler: "Callable[[Any, None], dict[str, Any]]") -> None:
    answer = handler(json.loads(sys.stdin.readline())[0], None)
    tell({"status": answer["statusCode"], "peak_kb": peak_kb()})


def warm(handler: "Callable[[Any, None], dict[str, Any]]") -> None:
    for line in sys.stdin:
        took = []
        statuses = set()
        for event in json.loads(line):
            before = time.thread_time_ns()
            answer = handler(event, None)
            took.append(time.thread_time_ns() - before)
            statuses.add(answer["statusCode"])
        tell({"statuses": sorted(statuses), "ns": took})


def be_patient() -> None:
    """Valgrind is fifty times slower than the machine: the product's time limits follow. The floor's are a minute."""
    wire = sys.modules.get("moref.aws.wire")
    if wire is not None:
        exchange = wire.Wire.exchange
        wire.Wire.exchange = lambda link, request, within: exchange(link, request, within * 50)


subject = __import__(sys.argv[1], fromlist=["handler"])
if sys.argv[2:] == ["patient"]:
    be_patient()
(warm if sys.argv[2:] == ["warm"] else first)(subject.handler)
