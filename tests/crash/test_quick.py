"""A taste of the crash runs at every test run; `make crash` runs them at length."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def _run(module: str, *options: str) -> str:
    """In a process of its own: the runs fork."""
    command = [sys.executable, "-m", f"tests.crash.{module}", *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_acknowledged_is_missing_after_twenty_kills() -> None:
    said = _run("kills", "--kills", "20", "--seed", "7")
    assert re.match(r"20 kills .* 0 faults", said)
    assert int(re.findall(r"(\d+) acknowledgements", said)[0]) > 20
    assert "with segments at the sealer" in said


def test_a_sample_of_damages_is_mended_or_named() -> None:
    said = _run("damages", "--each", "3", "--others", "2")
    assert "13 trials, 0 faults" in said
