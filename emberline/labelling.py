"""An alarm's label on its way into the log: through the daemon where one is writing it, or else appended."""

import getpass
from pathlib import Path

from emberline.control import CONTROL_NAME, send_command
from emberline.errors import Unusable
from emberline.wiring import read_log, write_log
from kernel.events import CommandReceived
from replay.labels import LABEL_COMMAND, ReviewError, judgement, record_reviews
from replay.sessions import sessions_of


def label_alarm(log: Path, seq: int, verdict: str, cause: str | None = None, note: str = "") -> str:
    """Record that the alarm with this seq was "true", "false" or to be "ignore"d; gives words to show.

    Raises `Unusable` where there is no such alarm, label or cause.
    """
    who = getpass.getuser()
    if (log / CONTROL_NAME).exists():
        return send_command(log, CommandReceived(LABEL_COMMAND, (str(seq), verdict, cause or "", note), who))
    try:
        with read_log(log) as opened:
            review = judgement(opened, seq, verdict, cause, note, who)
            number = next(s.number for s in sessions_of(opened) if s.first_fact == review.session)
    except ReviewError as error:
        raise Unusable(str(error)) from None
    with write_log(log) as opened:
        record_reviews(opened, [review])
    return f"{review.rule}#{review.ordinal} of session {number}: {verdict}"
