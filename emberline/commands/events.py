"""`emberline events LOG`"""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from emberline.civil import Calendar
from emberline.errors import Unusable
from emberline.wiring import read_log
from kernel.events import KINDS, Event
from kernel.log.contract import Selection


def events(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be given several times.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source, such as rule.gate.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time (ISO 8601).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout; it always is.")] = False,
) -> None:
    """One event a line as JSON, in the order of the log."""
    check_kinds(kind)
    selection = Selection(kinds=tuple(kind) if kind else None, sources=(source,) if source else None)
    with read_log(log, live_frames=False) as opened:
        calendar = Calendar(opened)
        for event in opened.read(selection):
            if calendar.within(event, since, until):
                print(line_of(event))


def check_kinds(kinds: list[str] | None) -> None:
    """Raise `Unusable` where there is no such kind."""
    for name in kinds or []:
        if name not in KINDS:
            raise Unusable(f"--kind {name}: no such kind; the kinds are {', '.join(KINDS)}")


def line_of(event: Event) -> str:
    """The event as a line of JSON."""
    return json.dumps(as_line(event), ensure_ascii=False, separators=(",", ":"))


def as_line(event: Event) -> dict[str, Any]:
    """The event as other programs read it; `time` in ns of logical time."""
    return {
        "seq": event.seq,
        "fact_no": event.fact_no,
        "time": event.time,
        "source": event.source,
        "kind": event.kind,
        "cause": event.cause,
        "body": msgspec.to_builtins(event.body),
    }
