"""`python -m emberline` as a process: each command is found, loads alone, and its exit code is the process's."""

from pathlib import Path

import pytest

from emberline.commands import COMMANDS
from support.cli import as_process, emberline


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_loads_in_an_interpreter_of_its_own(command: str) -> None:
    result = as_process(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"emberline {command}" in result.out


def test_a_process_says_and_ends_with_what_the_front_door_does(tmp_path: Path) -> None:
    words = ("verify", tmp_path / "nothing")
    result = as_process(*words)
    assert result == emberline(*words)
    assert result.code == 2 and result.err == f"error: there is no log at {tmp_path / 'nothing'}\n"
