"""One log line that CloudWatch also counts (embedded metric format), for the doors. No personal data, no tenant
dimension: ids may be in the line, never in a dimension."""

import json
import sys
import time

from moref.kernel.names import METRIC_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def line(counts: "Mapping[str, int]", fields: "Mapping[str, str | int | None]") -> str:
    metrics = [{"Name": name, "Unit": "Count"} for name in counts]
    header = {
        "Timestamp": time.time_ns() // 1_000_000,
        "CloudWatchMetrics": [{"Namespace": METRIC_NAMESPACE, "Dimensions": [[]], "Metrics": metrics}],
    }
    return json.dumps({"_aws": header, **counts, **fields}, separators=(",", ":"))


def write(counts: "Mapping[str, int]", fields: "Mapping[str, str | int | None]") -> None:
    sys.stdout.write(line(counts, fields) + "\n")
    sys.stdout.flush()
