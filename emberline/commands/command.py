"""`emberline command LOG …`"""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from emberline.control import send_command
from kernel.commands import USAGE
from kernel.events import CommandReceived


def command(
    log: Annotated[Path, typer.Argument(help="The log directory of the running daemon.")],
    words: Annotated[list[str], typer.Argument(help=" · ".join(USAGE.values()))],
) -> None:
    """Tell the running daemon what to do; every command is recorded as a fact."""
    print(send_command(log, CommandReceived(words[0], tuple(words[1:]), getpass.getuser())))
