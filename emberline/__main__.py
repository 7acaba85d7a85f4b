"""`emberline`: the command line. Every command is one module in `emberline/commands/`."""

import os
import sys
from collections.abc import Callable

import typer

from detectors.recogniser.errors import ModelError
from emberline.commands import app_for
from emberline.errors import AnswerIsNo, Unusable
from kernel.log.contract import LogError
from kernel.media import MediaError
from replay.outcome_writer import OutcomeConflict
from replay.refold import FramesMissing


def main() -> None:
    """Run the command that the command line says."""
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run the command that `words` say and give its exit code."""
    return answered(lambda: app_for(words)(words, standalone_mode=False, prog_name="emberline"))


def answered(command: Callable[[], object]) -> int:
    """Call `command` and give the exit code: 0 done, 1 the answer is no, 2 wrong use or unusable input."""
    try:
        code = command()
        return code if isinstance(code, int) else 0
    except typer.Exit as leave:
        return leave.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _say("interrupted", code=130)
    except typer.TyperException as error:
        return _say(f"error: {_usage(error)}", "try: emberline --help", code=2)
    except AnswerIsNo as answer:
        return _say(*answer.lines, code=1)
    except Unusable as error:
        return _say(*(f"error: {line}" for line in error.lines), code=2)
    except (LogError, MediaError, ModelError, FramesMissing, OutcomeConflict) as error:
        return _say(f"error: {error}", code=2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _usage(error: typer.TyperException) -> str:
    words = getattr(error, "format_message", None)
    return words() if words is not None else str(error)


def _say(*lines: str, code: int) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
