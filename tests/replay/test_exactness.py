"""Exactness: two real clips, recorded once, refolded under other machines' settings to the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import REPOSITORY, good
from support.sites import whole_frame

CLIPS = ("caco_possum_trap", "caco_hedgehog_b")
MACHINES = {
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "another BLAS kernel": {"OPENBLAS_CORETYPE": "Prescott"},
    "a numpy without vector extensions": {"NPY_DISABLE_CPU_FEATURES": "all"},
    "numba for any x86-64": {"NUMBA_CPU_NAME": "generic"},
    "numba with one thread": {"NUMBA_NUM_THREADS": "1"},
    "numba with two threads": {"NUMBA_NUM_THREADS": "2"},
}


@pytest.fixture(scope="module")
def logs(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The clips imported and replayed once, on this machine as it is."""
    folder = tmp_path_factory.mktemp("exact")
    site = folder / "site.toml"
    site.write_text(whole_frame())
    for clip in CLIPS:
        good("import", shared_data / clip / "source.cptv", "--log", folder / clip, "--site", site)
        good("replay", folder / clip)
    return {clip: folder / clip for clip in CLIPS}


def _dispatched() -> list[str]:
    """What this machine's numpy has beyond its baseline, so that all of it can be switched off."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


VERIFY_EACH = """
import sys
from emberline.__main__ import run
sys.exit(max(run(["replay", log, "--verify"]) for log in sys.argv[1:]))
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_replay_is_identical_on(machine: str, logs: dict[str, Path]) -> None:
    env = dict(MACHINES[machine])
    if "NPY_DISABLE_CPU_FEATURES" in env:
        env["NPY_DISABLE_CPU_FEATURES"] = " ".join(_dispatched())
    done = subprocess.run(
        [sys.executable, "-c", VERIFY_EACH, *map(str, logs.values())],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **env},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("replay: identical") == len(CLIPS)
