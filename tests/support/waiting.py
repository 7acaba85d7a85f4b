"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Return as soon as `true()` is. Raises `AssertionError` where that takes too long."""
    until_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until_s, f"not so within {timeout_s:g} s"
        time.sleep(0.02)
