"""`emberline tail LOG`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.commands.events import check_kinds, line_of
from emberline.live_rows import follow


def tail(
    log: Annotated[Path, typer.Argument(help="The log directory of the running daemon.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be given several times.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source, such as channel.thermal.")] = None,
    last: Annotated[int, typer.Option("--last", min=0, max=10_000, help="Begin so many events back.")] = 0,
) -> None:
    """One event a line as JSON, as the daemon commits them, until it ends."""
    check_kinds(kind)
    for event in follow(log, last):
        if (not kind or event.kind in kind) and (source is None or event.source == source):
            print(line_of(event), flush=True)
