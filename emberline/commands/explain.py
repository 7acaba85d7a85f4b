"""`emberline explain LOG SEQ`"""

import json
from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_at import alarm_at
from emberline.console import progress_bar, warn
from emberline.errors import Unusable
from emberline.explained_page import explained_page, write_page
from emberline.explained_picture import explained_picture
from emberline.explaining import as_json as json_of
from emberline.explaining import as_text
from emberline.near_miss_list import Search, show_near_misses
from emberline.picture_file import check_picture_name, save_picture
from emberline.wiring import read_log
from kernel.log.contract import EventLog
from replay.explanation import Explanation
from replay.explanation import explain as explanation_of
from replay.refold import FramesMissing, Progress


def explain(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    seq: Annotated[int | None, typer.Argument(help="An alarm, an action, a frame: any event's seq.")] = None,
    at: Annotated[
        str | None, typer.Option(help="The alarm at this local time (03:12, or ISO 8601) instead of a seq.")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="Write a picture of the moment: .png or .jpg.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for a customer.")] = None,
    near_misses: Annotated[
        bool, typer.Option("--near-misses", help="Instead: what almost alarmed, and what stopped it.")
    ] = False,
    rule: Annotated[str | None, typer.Option(help="Near misses of this rule only.")] = None,
    since: Annotated[str | None, typer.Option(help="Near misses from this time on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Near misses up to this time (ISO 8601).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone on stdout.")] = False,
) -> None:
    """Why this alarm or action: its causes down to a frame, and every gate with value, limit and margin."""
    if near_misses:
        if seq is not None or at is not None or image is not None:
            raise Unusable("--near-misses lists them; `emberline explain LOG SEQ` with one's frame explains it")
        show_near_misses(log, Search(rule, since, until), as_json, html)
        return
    if rule is not None or since is not None or until is not None:
        raise Unusable("--rule, --since and --until choose among --near-misses; give that too")
    if (seq is None) == (at is None):
        raise Unusable("give either a seq (see `emberline alarms`) or --at TIME, or --near-misses")
    if image is not None:
        check_picture_name(image)
    with read_log(log) as opened:
        chosen = _chosen(opened, seq, at)
        with progress_bar("replaying") as tell:
            explanation = _explained(opened, chosen, tell)
        if as_json:
            print(json.dumps(json_of(explanation, opened), ensure_ascii=False, indent=1))
        else:
            print(*as_text(explanation, opened), sep="\n")
        if image is not None:
            _write_picture(opened, explanation, image)
        if html is not None:
            write_page(explained_page(opened, explanation), html)


def _chosen(log: EventLog, seq: int | None, at: str | None) -> int:
    if seq is not None:
        return seq
    assert at is not None
    alarm, others = alarm_at(log, at)
    if others:
        warn(f"other alarms about then: seq {', '.join(str(other) for other in others)}")
    return alarm


def _explained(log: EventLog, seq: int, tell: Progress) -> Explanation:
    try:
        return explanation_of(log, seq, tell)
    except KeyError:
        raise Unusable(f"seq {seq}: the log has events 1 to {log.head.seq}; `emberline alarms` lists alarms") from None


def _write_picture(log: EventLog, explanation: Explanation, path: Path) -> None:
    try:
        save_picture(explained_picture(log, explanation), path)
    except (ValueError, FramesMissing) as error:
        raise Unusable(f"--image {path}: {error}") from None
