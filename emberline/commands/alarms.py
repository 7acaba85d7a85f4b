"""`emberline alarms LOG`"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from emberline.alarm_list import Alarm, alarms_of
from emberline.civil import SECOND_NS, Calendar
from emberline.console import out
from emberline.wiring import read_log
from emberline.wording import what_happened


def alarms(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    since: Annotated[str | None, typer.Option(help="From this time on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time (ISO 8601).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")] = False,
) -> None:
    """The alarms: local time, rule, target, duration."""
    with read_log(log) as opened:
        calendar = Calendar(opened)
        chosen = [a for a in alarms_of(opened) if calendar.within(a.raised, since, until)]
    if as_json:
        print(json.dumps([a.as_json(calendar) for a in chosen], ensure_ascii=False, indent=1))
    elif not chosen:
        print("no alarms")
    else:
        out.print(_table(chosen, calendar))


def _table(alarms: list[Alarm], calendar: Calendar) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("seq", "time", "channel", "rule", "type", "target", "duration", "ended by"):
        table.add_column(name, justify="right" if name in ("seq", "duration") else "left", no_wrap=True)
    for alarm in alarms:
        body, duration = alarm.body, alarm.duration_ns
        table.add_row(
            str(alarm.raised.seq),
            calendar.show(alarm.raised),
            body.channel,
            body.rule,
            what_happened(body),
            body.target,
            "goes on" if duration is None else f"{duration / SECOND_NS:.1f} s",
            alarm.ended_by,
        )
    return table
