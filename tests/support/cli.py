"""The command line as a user meets it: its words, its exit code and both outputs.

Most commands are run inside the test's own process, through the same front door, which saves the 1 to 3 s of a new
interpreter. Where the process is the point (signals, another environment, a second process), it is a real one.
"""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent.parent
TAKE_OVER = frozenset({"run"})
"""The commands that are always a process of their own, since they handle its signals."""


class Result(NamedTuple):
    code: int
    out: str
    err: str


def as_process(*words: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
    """Run `python -m emberline WORDS` and wait for it; `env` is added to the environment."""
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


def emberline(*words: object, env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
    """Run `emberline WORDS`: in this process, unless it takes a process over or needs an environment of its own."""
    if env is not None or (words and words[0] in TAKE_OVER):
        return as_process(*words, env=env, cwd=cwd)
    from emberline.__main__ import run

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with _process_left_as_it_was(), chdir(cwd) if cwd else nullcontext(), redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    return Result(code, *(said.buffer.getvalue().decode() for said in (out, err)))


@contextmanager
def _process_left_as_it_was() -> Iterator[None]:
    """Check that a command changed nothing that later tests in this process would feel."""
    before = _process_state()
    yield
    assert _process_state() == before


def _process_state() -> tuple[object, ...]:
    umask = os.umask(0o077)
    os.umask(umask)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)]
    return dict(os.environ), os.getcwd(), umask, handlers


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
