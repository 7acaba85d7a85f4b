"""`emberline label LOG SEQ true|false|ignore`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.labelling import label_alarm


def label(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    seq: Annotated[int, typer.Argument(help="The seq of an alarm (see `emberline alarms`).")],
    verdict: Annotated[str, typer.Argument(metavar="true|false|ignore", help="What the alarm was.")],
    cause: Annotated[str | None, typer.Option(help="What set off a false alarm: vegetation, rain, insect, …")] = None,
    note: Annotated[str, typer.Option(help="Anything worth remembering.")] = "",
) -> None:
    """Mark an alarm as true, false, or not to be counted; the last word counts."""
    print(label_alarm(log, seq, verdict, cause, note))
