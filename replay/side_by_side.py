"""Many parts refolded side by side, by this process and others, each of which opens the log for itself.

The others are forked from a server that has loaded the detectors once: loading takes longer than folding a short part.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from importlib import import_module
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import Any

from kernel.engine import Engine
from kernel.log.duckdb_log import open_log
from kernel.state import StateDamaged
from replay.frames import FramesMissing
from replay.parts import Part
from replay.refold import Progress
from replay.verification import Comparison, compare

FACTS_A_PROCESS = 200
"""With fewer for each, a process costs more than it saves."""
_TELL_EVERY = 20

MakeEngine = Callable[[], Engine]

_tell: Any = None
"""In a process of the pool: counts the facts that it folds."""


def worthwhile(parts: Sequence[Part], cores: int) -> int:
    """How many processes to use where nobody says."""
    return max(1, min(cores, sum(part.size for part in parts) // FACTS_A_PROCESS))


def compare_parts(
    path: Path, parts: Sequence[Part], make_engine: MakeEngine, jobs: int, progress: Progress, ready: str
) -> list[Comparison]:
    """Compare each part of a log that nobody writes to with its record, in up to `jobs` processes.

    `make_engine` must be importable by name; `ready` names a module whose import leaves a process ready to fold. The
    results come in the order of the parts.
    """
    total = sum(part.size for part in parts)
    jobs = min(jobs, len(parts))
    context = get_context("forkserver")  # a fork of this process would take the threads of DuckDB along, dead
    if jobs > 1:
        context.set_forkserver_preload([ready])
        forkserver.ensure_running()
        import_module(ready)  # here meanwhile
    tell = _Told(context.Value("q", 0), lambda done: progress(done, total))
    if jobs == 1:
        return [_compare(path, part, make_engine, tell) for part in parts]
    with ProcessPoolExecutor(jobs - 1, context, _begin, (tell.count,)) as pool:
        work = _Work(parts, lambda part: pool.submit(_compare_in_pool, path, part, make_engine))
        try:
            for _ in range(jobs - 1):
                work.hand_over()
            while (number := work.take()) is not None:
                work.results[number] = _compare(path, parts[number], make_engine, tell)
            results = [work.results[number] for number in work.finished()]
        finally:
            work.drop()
    progress(total, total)
    return results


class _Work:
    """The parts, in order, for this process and those of a pool: each takes the next one as soon as it is free."""

    def __init__(self, parts: Sequence[Part], submit: "Callable[[Part], Future[Comparison]]") -> None:
        self.results: dict[int, Comparison] = {}
        self._parts, self._submit = parts, submit
        self._waiting = deque(range(len(parts)))
        self._handed: dict[int, Future[Comparison]] = {}

    def take(self) -> int | None:
        """The number of the next part, None where there is none left."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def hand_over(self) -> None:
        """Have the pool do the next part, and another one after it."""
        number = self.take()
        if number is not None:
            self._handed[number] = self._submit(self._parts[number])
            self._handed[number].add_done_callback(lambda _: self.hand_over())

    def drop(self) -> None:
        """What nobody has begun is left undone: it went wrong elsewhere, or somebody stopped it."""
        self._waiting.clear()

    def finished(self) -> list[int]:
        """The numbers of all parts, once the pool has done its own. Raises what went wrong there."""
        while len(self.results) < len(self._parts):
            for number, future in list(self._handed.items()):
                self.results[number] = future.result()
        return sorted(self.results)


class _Told:
    """Counts the facts of all parts, whoever folds them; calls `progress` with the count."""

    def __init__(self, count: Any, progress: Callable[[int], None]) -> None:
        self.count, self._progress = count, progress
        self._before = 0

    def __call__(self, done: int, total: int) -> None:
        """`done` of the `total` facts of a part are folded."""
        if done - self._before >= _TELL_EVERY or done == total:
            with self.count.get_lock():
                self.count.value += done - self._before
            self._progress(self.count.value)
            self._before = 0 if done == total else done


def _begin(count: Any) -> None:
    global _tell
    _tell = _Told(count, lambda done: None)


def _compare_in_pool(path: Path, part: Part, make_engine: MakeEngine) -> Comparison:
    return _compare(path, part, make_engine, _tell)


def _compare(path: Path, part: Part, make_engine: MakeEngine, progress: Progress) -> Comparison:
    log = open_log(path)
    try:
        return compare(log, part, make_engine(), progress)
    except FramesMissing as missing:
        return Comparison(part.session.number, expired=[str(missing)])
    except StateDamaged as damaged:
        assert part.kept is not None
        result = Comparison(part.session.number, compared=1, missing=1)
        result.note(part.kept.seq, f"the kept state cannot be taken up: {damaged}")
        return result
    finally:
        log.close()
