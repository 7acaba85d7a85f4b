"""Progress bars are for eyes alone: what a command prints while one is drawn still comes through a pipe."""

import os
import pty
import subprocess
import sys

from support.cli import REPOSITORY

WORK = """
from emberline.console import progress_bar
with progress_bar("working") as tell:
    tell(1, 2)
    print("a result")
"""


def run(stderr: int) -> str:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "FORCE_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", WORK], stdout=subprocess.PIPE, stderr=stderr, env=env, text=True
    ).stdout


def test_results_reach_a_pipe_while_the_bar_is_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    try:
        assert run(theirs) == "a result\n"
        os.set_blocking(ours, False)
        assert "working" in os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_bar_is_drawn_into_a_pipe_whatever_the_environment_says() -> None:
    assert run(subprocess.STDOUT) == "a result\n"
