"""Civil time beside logical time: notices when the machine's clock was set."""

from collections.abc import Callable

STEP_NS = 200_000_000
"""Civil time that is further off than this from what the monotonic clock says was set, or has drifted so far."""


class ClockWatch:
    """Compares the wall clock with logical time, which follows the monotonic clock and never goes back.

    Parameters
    ----------
    wall_ns
        Civil time now, ns since 1970, UTC.
    offset_ns
        Civil time minus logical time, as last recorded.
    """

    def __init__(self, wall_ns: Callable[[], int], offset_ns: int) -> None:
        self._wall_ns = wall_ns
        self.offset_ns = offset_ns

    def stepped(self, logical_ns: int) -> int | None:
        """By how many ns the clock was set since the last call; None where it goes on as it did."""
        offset_ns = self._wall_ns() - logical_ns
        step_ns = offset_ns - self.offset_ns
        if abs(step_ns) < STEP_NS:
            return None
        self.offset_ns = offset_ns
        return step_ns
