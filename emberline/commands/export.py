"""`emberline export LOG --parquet DIR`: the formats are modules in `emberline/exports/`."""

from pathlib import Path
from typing import Annotated

import typer

from emberline.errors import Unusable
from emberline.wiring import read_log


def export(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    parquet: Annotated[Path | None, typer.Option(help="A new directory: a typed Parquet file for each kind.")] = None,
) -> None:
    """The log's events for other tools."""
    if parquet is None:
        raise Unusable("say what to export to: --parquet DIR")
    from emberline.exports.parquet import write_parquet

    with read_log(log, live_frames=False) as opened:
        written = write_parquet(opened, parquet)
    for name, rows in written.items():
        print(f"{parquet / name}.parquet  {rows} rows")
