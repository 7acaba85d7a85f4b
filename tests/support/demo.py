"""The demo's log, recorded once in a test run, whichever of its processes asks first."""

import fcntl
import os
from pathlib import Path

import pytest

from support.cli import REPOSITORY, good


@pytest.fixture(scope="session")
def demo_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of the demo's simulated site, as `make demo` records it; for reading alone."""
    side_by_side = "PYTEST_XDIST_WORKER" in os.environ
    place = tmp_path_factory.getbasetemp().parent if side_by_side else tmp_path_factory.mktemp("demo")
    log, site = place / "demo-log", REPOSITORY / "datasets/sites/demo.toml"
    with (place / "demo-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            good("run", "--site", site, "--log", place / "demo-part", "--speed", "max", "--until-end")
            (place / "demo-part").rename(log)
    return log
