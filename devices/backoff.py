"""How often something may happen: restarts, and reports of the same trouble."""

from collections import deque


class Backoff:
    """How long to wait before a driver is started again: `first_s`, doubled with each start within `window_s`."""

    def __init__(self, first_s: float, longest_s: float, window_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._window_s = window_s
        self._ends: deque[float] = deque(maxlen=64)

    def after_end(self, now_s: float) -> float:
        """The driver ended unasked at `now_s`: the seconds to wait."""
        while self._ends and now_s - self._ends[0] > self._window_s:
            self._ends.popleft()
        wait_s = min(self._first_s * 2 ** len(self._ends), self._longest_s)
        self._ends.append(now_s)
        return wait_s


class Allowance:
    """Lets `rate` things through a second, and as many at once after a second of rest."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = rate
        self._at_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Whether this one may pass."""
        if self._at_s is not None:
            self._left = min(self._rate, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Muffler:
    """Lets `burst` notes through in every `window_s`, and counts the others until one is let through again."""

    def __init__(self, burst: int, window_s: float) -> None:
        self._burst = burst
        self._window_s = window_s
        self._began_s = float("-inf")
        self._passed = 0
        self._held = 0

    def admit(self, now_s: float) -> int | None:
        """How many notes were held back before this one, or None where this one is to be held back too."""
        if now_s - self._began_s >= self._window_s:
            self._began_s, self._passed = now_s, 0
        if self._passed >= self._burst:
            self._held += 1
            return None
        self._passed += 1
        held, self._held = self._held, 0
        return held
