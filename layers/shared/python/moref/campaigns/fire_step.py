"""A step is due. The schedule may fire twice, late, or for a journey that is over."""

from moref.campaigns.go_on import go_on
from moref.runtime import Runtime


def fire_step(runtime: Runtime, organization_id: str, enrollment_id: str, step: str) -> None:
    """Harmless unless the enrollment stands at that step and its time has come. Raises Conflict after lost races."""
    go_on(runtime, organization_id, enrollment_id, only=step)
