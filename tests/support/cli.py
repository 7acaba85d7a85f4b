"""The command line as a user runs it: a process of its own, with its exit code and both outputs."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent.parent


class Result(NamedTuple):
    code: int
    out: str
    err: str


def emberline(*words: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
    """Run `emberline WORDS` and wait for it."""
    done = subprocess.run(
        [sys.executable, "-m", "emberline", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
        cwd=cwd,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def at_once(*words: object) -> str:
    """As `good`, in this process: for commands that have processes of their own tested elsewhere, 1 to 3 s quicker.

    Not for `run` and `demo`, which take over the process's signals.
    """
    from emberline.__main__ import run

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    assert code == 0, err.getvalue()
    return out.getvalue()


def good(*words: object, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; its standard output."""
    result = emberline(*words, env=env)
    assert result.code == 0, result.err
    return result.out


def alarms(log: Path) -> list[dict[str, Any]]:
    return json.loads(good("alarms", log, "--json"))


def alarms_of(log: Path) -> list[dict[str, Any]]:
    """As `alarms`, in this process."""
    return json.loads(at_once("alarms", log, "--json"))


def outcome(text: str) -> str:
    """The outcome digest that a command printed."""
    return text.split("outcome ")[1].split()[0]
