"""`emberline scrub LOG`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.errors import AnswerIsNo
from kernel.log.recovery import scrub as scrub_log


def scrub(log: Annotated[Path, typer.Argument(help="The log directory; no daemon may be running on it.")]) -> None:
    """Read all of a log, put what is damaged in quarantine and go on without it; 1 where something was."""
    findings = scrub_log(log)
    if findings:
        raise AnswerIsNo(*(f"{found.what}: {found.where}: {found.detail}" for found in findings))
    print("nothing is damaged")
