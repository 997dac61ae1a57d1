"""Metrics as EMF lines on standard output. Written by hand: an alarm needs the metric without any dimension, which
Powertools always adds one of, and a hot door can afford these two microseconds."""

import json
import sys
import time

from moref.kernel.names import METRIC_NAMESPACE


class EmfMetrics:
    """No dimensions at all: one per tenant would cost more than everything else together."""

    __slots__ = ()

    def count(self, name: str, value: int = 1) -> None:
        sys.stdout.write(line(name, value, time.time_ns() // 1_000_000))
        sys.stdout.flush()


def line(name: str, value: int, at_ms: int) -> str:
    """One embedded-metric-format line (CloudWatch EMF specification 0)."""
    directive = {"Namespace": METRIC_NAMESPACE, "Dimensions": [[]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    return json.dumps({"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}, name: value}) + "\n"
