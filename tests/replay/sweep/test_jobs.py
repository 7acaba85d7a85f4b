"""The same sweep in this process, in local processes and on a cluster that loses a worker on the way."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.sweep import parse_axis, settings_of_grid
from replay.sweep.jobs import SweepJob, plan_jobs, run_job, run_jobs
from support.cli import REPOSITORY, good
from support.recordings import cptv, walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("jobs")
    (where / "site.toml").write_text(whole_frame())
    for seed in (1, 2):
        clip = cptv(where / f"{seed}.cptv", walk(70, seed=seed))
        good("import", clip, "--log", where / "log", "--site", where / "site.toml")
    return where / "log"


RUNS = settings_of_grid([parse_axis("rule.all.sensitivity=10..90:20"), parse_axis("rule.all.duration=0.5,2")])


def test_there_is_work_for_every_worker_and_each_setting_once_a_session() -> None:
    jobs = plan_jobs([(Path("log"), 1), (Path("log"), 2)], RUNS, workers=4, site=None)
    assert len(jobs) == 4
    assert [r for job in jobs if job.session == 1 for r in job.runs] == RUNS
    assert len(plan_jobs([(Path("log"), n) for n in range(1, 9)], RUNS, workers=2, site=None)) == 8


def test_local_processes_give_what_one_process_gives(log: Path) -> None:
    jobs = plan_jobs([(log, 1), (log, 2)], RUNS, workers=2, site=None)
    told: list[tuple[int, int]] = []
    assert run_jobs(jobs, progress=lambda done, total: told.append((done, total))) == [run_job(job) for job in jobs]
    assert told == [(1, 2), (2, 2)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and two workers, each a process of its own, on loopback."""
    pytest.importorskip("distributed")
    scheduler = _process("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    assert scheduler.stderr is not None
    address = next(m[0] for line in scheduler.stderr if (m := re.search(r"tcp://127\.0\.0\.1:\d+", line)))
    words = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path))
    workers = [_process("worker", address, *words) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.communicate()


def _process(kind: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *words]
    env = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)


def test_a_cluster_gives_the_same_and_a_killed_worker_loses_nothing(
    log: Path, cluster: tuple[str, list[subprocess.Popen[str]]]
) -> None:
    from distributed import Client

    address, workers = cluster
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        names = [w["id"] for w in client.scheduler_info()["workers"].values()]
        assert len(names) == 2
    jobs = [SweepJob(str(log), session, (run,)) for session in (1, 2) for run in RUNS]
    killed: list[float] = []

    def kill_one(done: int, total: int) -> None:
        if not killed:
            killed.append(time.monotonic())
            workers[0].kill()

    swept = run_jobs(jobs, address, kill_one)
    assert killed and workers[0].wait() != 0, "a worker was lost on the way"
    assert swept == [run_job(job) for job in jobs]
