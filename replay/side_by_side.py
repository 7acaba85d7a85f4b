"""Many parts refolded side by side, each by a process that opens the log for itself."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kernel.engine import Engine
from kernel.log.duckdb_log import open_log
from kernel.state import StateDamaged
from replay.frames import FramesMissing
from replay.parts import Part
from replay.refold import Progress
from replay.verification import Comparison, compare

FACTS_A_PROCESS = 300
"""Starting a process takes about as long as folding this many."""
_LOOK_S = 0.2
_TELL_EVERY = 20

MakeEngine = Callable[[], Engine]

_done: Any = None
"""In a process of the pool: the count of facts done that all of them share."""


def compare_parts(
    path: Path, parts: Sequence[Part], make_engine: MakeEngine, jobs: int, progress: Progress
) -> list[Comparison]:
    """Compare each part of a log that nobody writes to with its record, in up to `jobs` processes.

    `make_engine` must be importable by name. The results come in the order of the parts.
    """
    total = sum(part.size for part in parts)
    jobs = min(jobs, len(parts), max(1, total // FACTS_A_PROCESS))
    if jobs > 1:
        return _in_processes(path, parts, make_engine, jobs, progress, total)
    results: list[Comparison] = []
    before = 0
    for part in parts:
        start = before
        results.append(_compare(path, part, make_engine, lambda done, _, start=start: progress(start + done, total)))
        before += part.size
    return results


def _in_processes(
    path: Path, parts: Sequence[Part], make_engine: MakeEngine, jobs: int, progress: Progress, total: int
) -> list[Comparison]:
    context = get_context("spawn")  # a fork would take the threads of DuckDB and numba along, dead
    done = context.Value("q", 0)
    with ProcessPoolExecutor(jobs, context, _begin, (done,)) as pool:
        futures = [pool.submit(_compare_in_pool, path, part, make_engine) for part in parts]
        for _ in _while_running(futures):
            progress(done.value, total)
        return [future.result() for future in futures]


def _while_running(futures: Sequence["Future[Comparison]"]) -> Iterator[None]:
    left = set(futures)
    while left:
        _, left = wait(left, _LOOK_S, FIRST_COMPLETED)
        yield


def _begin(done: Any) -> None:
    global _done
    _done = done


def _compare_in_pool(path: Path, part: Part, make_engine: MakeEngine) -> Comparison:
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done - told >= _TELL_EVERY or done == total:
            with _done.get_lock():
                _done.value += done - told
            told = done

    return _compare(path, part, make_engine, tell)


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
