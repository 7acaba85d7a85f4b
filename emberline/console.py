"""What the commands show: plain lines on stdout, progress on a terminal's stderr and nothing of it in a pipe."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """One line on stderr that something may not be as the user thinks."""
    print(f"warning: {message}", file=sys.stderr)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A function to be told (done, in all or None); draws a bar where stderr is a terminal.

    Lines printed meanwhile go to stdout wherever that leads: rich would lead them to stderr's terminal, so that
    nothing would come through a pipe.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    hidden, together = not sys.stderr.isatty(), sys.stdout.isatty()
    with Progress(*columns, console=err, transient=True, disable=hidden, redirect_stdout=together) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()) -> list[str]:
    """A table as lines of text, as wide as it needs; the columns named in `right` are set to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        set_ = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(header, cells, widths, strict=True)
        ]
        return "  ".join(set_).rstrip()

    return [line(header), *map(line, rows)]
