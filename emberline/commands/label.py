"""`emberline label LOG SEQ true|false|ignore`"""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from emberline.control import CONTROL_NAME, send_command
from emberline.errors import Unusable
from emberline.wiring import read_log, write_log
from kernel.events import CommandReceived
from replay.labels import LABEL_COMMAND, ReviewError, judgement, record_reviews
from replay.sessions import sessions_of


def label(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    seq: Annotated[int, typer.Argument(help="The seq of an alarm (see `emberline alarms`).")],
    verdict: Annotated[str, typer.Argument(metavar="true|false|ignore", help="What the alarm was.")],
    cause: Annotated[str | None, typer.Option(help="What set off a false alarm: vegetation, rain, insect, …")] = None,
    note: Annotated[str, typer.Option(help="Anything worth remembering.")] = "",
) -> None:
    """Mark an alarm as true, false, or not to be counted; the last word counts."""
    who = getpass.getuser()
    if (log / CONTROL_NAME).exists():
        words = (str(seq), verdict, cause or "", note)
        print(send_command(log, CommandReceived(LABEL_COMMAND, words, who)))
        return
    try:
        with read_log(log) as opened:
            review = judgement(opened, seq, verdict, cause, note, who)
    except ReviewError as error:
        raise Unusable(str(error)) from None
    with write_log(log) as opened:
        record_reviews(opened, [review])
    print(f"{review.rule}#{review.ordinal} of session {_number(log, review.session)}: {verdict}")


def _number(log: Path, first_fact: int) -> int:
    with read_log(log) as opened:
        return next(s.number for s in sessions_of(opened) if s.first_fact == first_fact)
