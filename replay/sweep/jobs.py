"""A sweep as jobs that can run anywhere: in this process, in local processes, on the workers of a Dask cluster.

A job names a log by its path and carries no frames: whoever runs it reads the segments itself, so that a cluster needs
nothing but the same path on every machine, and a job that is lost with its worker can be run again elsewhere.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec

from kernel.log.duckdb_log import open_log
from replay.sessions import sessions_of
from replay.sweep.grid import Settings
from replay.sweep.result import SweptRun
from replay.sweep.sweep import sweep_session

RETRIES = 3
"""How often a cluster tries a job again that was lost with its worker."""
CONNECT_WITHIN_S = 10
Progress = Callable[[int, int], None]
"""Told (jobs done, jobs in all)."""


class ClusterError(Exception):
    """The cluster cannot be used; the message says why and what to do."""


class SweepJob(msgspec.Struct, frozen=True):
    """Some settings over one session of the log at this path; `site` replaces its recorded documents."""

    log: str
    session: int
    runs: tuple[Settings, ...]
    site: str | None = None


def run_job(job: SweepJob) -> list[SweptRun]:
    """Do the job; the results in the order of its runs."""
    log = open_log(Path(job.log))
    try:
        session = next(s for s in sessions_of(log) if s.number == job.session)
        return sweep_session(log, session, job.runs, job.site)
    finally:
        log.close()


def plan_jobs(
    sessions: Sequence[tuple[Path, int]], runs: Sequence[Settings], workers: int, site: str | None
) -> list[SweepJob]:
    """A job for each session; several, with some of the settings each, where there are fewer sessions than workers."""
    parts = max(1, min(len(runs), -(-workers // max(1, len(sessions)))))
    size = -(-len(runs) // parts)
    shares = [tuple(runs[i : i + size]) for i in range(0, len(runs), size)]
    return [SweepJob(str(path.resolve()), session, share, site) for path, session in sessions for share in shares]


def run_jobs(
    jobs: Sequence[SweepJob], scheduler: str | None = None, progress: Progress | None = None
) -> list[list[SweptRun]]:
    """Run the jobs, on the Dask cluster of this scheduler or in local processes; the results in their order.

    Raises `ClusterError` where the cluster cannot be used.
    """
    results: list[list[SweptRun] | None] = [None] * len(jobs)
    finished = _on_cluster(jobs, scheduler) if scheduler is not None else _here(jobs)
    for done, (number, result) in enumerate(finished, 1):
        results[number] = result
        if progress is not None:
            progress(done, len(jobs))
    return [result for result in results if result is not None]


def local_workers() -> int:
    """How many processes this machine can run at once."""
    return len(os.sched_getaffinity(0))


def _here(jobs: Sequence[SweepJob]) -> Iterator[tuple[int, list[SweptRun]]]:
    if len(jobs) == 1 or local_workers() == 1:
        yield from ((number, run_job(job)) for number, job in enumerate(jobs))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(jobs), local_workers()), mp_context=context) as pool:
        futures = {pool.submit(run_job, job): number for number, job in enumerate(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _on_cluster(jobs: Sequence[SweepJob], scheduler: str) -> Iterator[tuple[int, list[SweptRun]]]:
    try:
        from distributed import Client, KilledWorker
        from distributed import as_completed as dask_completed
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install 'emberline[cluster]'") from None
    try:
        client = Client(scheduler, timeout=CONNECT_WITHIN_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    try:
        futures = {client.submit(run_job, job, pure=False, retries=RETRIES): n for n, job in enumerate(jobs)}
        for future in dask_completed(list(futures), loop=client.loop):
            yield futures[future], future.result()
    except KilledWorker as error:
        raise ClusterError(f"the workers die of this sweep: {error}") from None
    finally:
        client.close()
