"""`emberline verify LOG`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.console import progress_bar
from emberline.errors import AnswerIsNo
from kernel.log.verify import verify_log


def verify(log: Annotated[Path, typer.Argument(help="The log directory.")]) -> None:
    """Check the digest chain, the payloads and the ledger, without refolding."""
    with progress_bar("verifying") as tell:
        result = verify_log(log, tell)
    if not result.sound:
        place = f"seq {result.first_bad_seq}: " if result.first_bad_seq is not None else ""
        raise AnswerIsNo(f"changed: {place}{result.reason}")
    print(f"sound: {result.events} events, {result.frames} frames, every digest recomputed")
    for line in result.pruned:
        print(f"pruned: {line}")
