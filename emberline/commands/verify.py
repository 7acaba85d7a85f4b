"""`emberline verify LOG`"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from emberline.console import progress_bar
from emberline.errors import AnswerIsNo
from kernel.log.signing import read_public
from kernel.log.verify import Soundness, verify_log

EVENTS = " events"
"""How the name of a segment ends whose events are gone, too."""
UNTOLD = ", and no SegmentsPruned of the log says so"


def verify(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    key: Annotated[
        Path | None, typer.Option(help="The public key (PEM) with which every segment has to be signed.")
    ] = None,
) -> None:
    """Check the digest chain, the payloads, the ledger and the signatures, without refolding."""
    public = None if key is None else read_public(key)
    with progress_bar("verifying") as tell:
        result = verify_log(log, tell, public)
    if not result.sound:
        place = f"seq {result.first_bad_seq}: " if result.first_bad_seq is not None else ""
        raise AnswerIsNo(f"changed: {place}{result.reason}")
    print(f"sound: {result.events} events, {result.frames} frames, every digest recomputed")
    for line in _seals(result, public is not None):
        print(line)
    for line in pruned_in_words(result):
        print(f"pruned: {line}")


def _seals(result: Soundness, given: bool) -> list[str]:
    """What is signed, and with which keys."""
    whose = "the key given" if given else "the key that lies with the log"
    lines = [f"signed: {_segments(count)} with {whose}, {id}" for id, count in result.signed]
    if result.unsigned:
        lines.append(f"unsigned: {_segments(result.unsigned)}, sealed without a key")
    if result.unsealed:
        lines.append(f"unsealed: {_segments(result.unsealed)} that a crash left; the next writer seals them")
    return lines


def pruned_in_words(result: Soundness) -> Iterator[str]:
    """What was removed on purpose: segments that follow each other, of which the same is to be said, in one line."""
    frames = {name: UNTOLD * (name in result.untold) for name in result.pruned if not name.endswith(EVENTS)}
    events = {name.removesuffix(EVENTS): ": events" for name in result.pruned if name.endswith(EVENTS)}
    for what in (frames, events):
        for words, run in groupby(result.segments, what.get):
            names = list(run)
            several = f" to {names[-1]}, {len(names)} segments" if len(names) > 1 else ""
            if words is not None:
                yield f"{names[0]}{several}{words}"


def _segments(count: int) -> str:
    return f"{count} segment{'s' * (count != 1)}"
