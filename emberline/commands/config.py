"""`emberline config LOG [diff A B | at T | restore T]`"""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from emberline.civil import Calendar
from emberline.configurations import configurations, differences, document_of, in_force, show_moment, who_changed
from emberline.console import columns
from emberline.control import ControlClient
from emberline.errors import Unusable
from emberline.wiring import read_log
from kernel.events import ConfigChanged, Event
from kernel.log.contract import EventLog

USAGE = "nothing for the history, `diff A B`, `at T` or `restore T`, where A, B, T are times or seqs"


def config(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    words: Annotated[list[str] | None, typer.Argument(help=f"{USAGE[0].upper()}{USAGE[1:]}.")] = None,
) -> None:
    """The site files that were in force: their history, one of them, what changed, and back to an earlier one."""
    with read_log(log, live_frames=False) as opened:
        calendar = Calendar(opened)
        match words or []:
            case []:
                print(*_history(opened, calendar), sep="\n")
            case ["at", moment]:
                print(document_of(in_force(opened, calendar, moment)).removesuffix("\n"))
            case ["diff", first, second]:
                changes = differences(in_force(opened, calendar, first), in_force(opened, calendar, second), calendar)
                print(*(changes or ["no difference"]), sep="\n")
            case ["restore", moment]:
                print(_restore(log, in_force(opened, calendar, moment), calendar))
            case _:
                raise Unusable(f"config {' '.join(words or [])}: write {USAGE}")


def _history(log: EventLog, calendar: Calendar) -> list[str]:
    rows = [(str(event.seq), show_moment(event, calendar), who_changed(event)) for event in configurations(log)]
    return columns(("seq", "time", "by"), rows, right=frozenset(("seq",)))


def _restore(log: Path, earlier: Event, calendar: Calendar) -> str:
    """Have the running daemon put the earlier document in force; the site file stays as it is."""
    body = ConfigChanged(document_of(earlier), f"{getpass.getuser()}, restored from seq {earlier.seq}")
    with ControlClient(log) as client:
        client.ask("configure", body)
    return (
        f"in force again: the configuration of {show_moment(earlier, calendar)} (seq {earlier.seq}), until the site "
        f"file is read again; to keep it: emberline config {log} at {earlier.seq} > SITE"
    )
