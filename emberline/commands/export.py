"""`emberline export LOG --parquet DIR`, `--rerun F.rrd`, `--mcap F.mcap`: modules in `emberline/exports/`."""

from pathlib import Path
from typing import Annotated

import typer

from emberline.errors import Unusable
from emberline.wiring import read_log


def export(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    parquet: Annotated[Path | None, typer.Option(help="A new directory: a typed Parquet file for each kind.")] = None,
    rerun: Annotated[Path | None, typer.Option(help="A .rrd file for the Rerun viewer (extra `export`).")] = None,
    mcap: Annotated[Path | None, typer.Option(help="An .mcap file for Foxglove and the like (extra `export`).")] = None,
) -> None:
    """The log's events for other tools."""
    if parquet is None and rerun is None and mcap is None:
        raise Unusable("say what to export to: --parquet DIR, --rerun FILE.rrd or --mcap FILE.mcap")
    if parquet is not None:
        from emberline.exports.parquet import write_parquet

        with read_log(log, live_frames=False) as opened:
            written = write_parquet(opened, parquet)
        for name, rows in written.items():
            print(f"{parquet / name}.parquet  {rows} rows")
    if rerun is not None:
        from emberline.exports.rerun_file import write_rerun

        with read_log(log) as opened:
            _say(rerun, write_rerun(opened, rerun))
    if mcap is not None:
        from emberline.exports.mcap_file import write_mcap

        with read_log(log) as opened:
            _say(mcap, write_mcap(opened, mcap))


def _say(path: Path, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        print(f"{path}  {name}: {count}")
