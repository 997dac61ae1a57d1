"""For every test: a machine that is busy with something else fails none of them."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),  # a new counterexample is found on a developer's machine, not in a release
)
settings.load_profile("patient")
