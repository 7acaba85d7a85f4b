"""`emberline compact LOG`"""

from pathlib import Path
from typing import Annotated

import typer

from kernel.log.compactor import compact_log


def compact(log: Annotated[Path, typer.Argument(help="The log directory; no daemon may be running on it.")]) -> None:
    """Put the events of each day into one file, so that they are read faster; the daemon does so by itself."""
    segments, files = compact_log(log)
    print(f"the events of {segments} segments went into {files} files" if segments else "nothing is to be compacted")
