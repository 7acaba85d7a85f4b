"""The command line as a user runs it: a process of its own, with its exit code and both outputs."""

import json
import os
import subprocess
import sys
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


def good(*words: object, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; its standard output."""
    result = emberline(*words, env=env)
    assert result.code == 0, result.err
    return result.out


def alarms(log: Path) -> list[dict[str, Any]]:
    return json.loads(good("alarms", log, "--json"))


def outcome(text: str) -> str:
    """The outcome digest that a command printed."""
    return text.split("outcome ")[1].split()[0]
