"""A mapping with a batching window waits for company, but not for ever."""

from __future__ import annotations

import pytest

from infra.local.emulator.patches.batch_window import is_due

NOW = 1000.0


@pytest.mark.parametrize(
    ("visible_at", "due"),
    [
        ([], False),
        ([NOW - 0.5], False),
        ([NOW - 0.5] * 9, False),
        ([NOW - 0.5] * 10, True),  # full
        ([NOW - 5.0, NOW - 0.1], True),  # the window is over
        ([NOW - 4.9, NOW - 0.1], False),
        ([NOW - 1.0], True),  # nobody comes any more
        ([NOW + 60.0], False),  # delayed, or being worked on
        ([NOW + 60.0] * 20, False),
    ],
)
def test_a_batch_is_due_when_it_is_full_or_has_waited(visible_at: list[float], due: bool) -> None:
    messages = [{"visible_at": at} for at in visible_at]
    assert is_due(messages, NOW, size=10, window=5) is due
