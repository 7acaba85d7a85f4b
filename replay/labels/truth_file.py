"""Truth files: JSON Lines, one event, mark or reviewed stretch a line; read strictly, each mistake with its line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kernel.events import Cause, Label
from replay.labels.session_times import SessionTimes
from replay.labels.truth import Mark, Reviewed, TrueEvent, Truth

MAX_BYTES = 64 << 20
_FRAME = re.compile(r"frame:(\d{1,12})", re.ASCII)
SessionName = tuple[str, int]
"""The name of a log's directory, and the number of the session in it."""


class TruthError(ValueError):
    """A truth file that cannot be used; the message says where and what is allowed."""


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: int | str | None = None
    channel: str | None = None
    rule: str | None = None
    start: str | None = None
    end: str | None = None
    label: Label | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    cause: Cause | None = None
    note: str = ""
    reviewed: tuple[str, str] | Literal["all"] | None = None


def read_truth(
    path: Path, sessions: Mapping[SessionName, SessionTimes], rules: frozenset[str]
) -> dict[SessionName, Truth]:
    """What the file says of each of the sessions; `rules` are those that it may name.

    `session` in a line is the number of a session of the only log, or `LOG` or `LOG#N` by the log directory's name; it
    may be left out where there is but one session. Raises `TruthError`.
    """
    truths = {name: Truth() for name in sessions}
    for number, text in enumerate(_text(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=_Line)
            name = _session(line.session, sessions)
            if line.rule is not None and line.rule not in rules:
                raise ValueError(f"rule {line.rule!r}: there is none; there are {', '.join(sorted(rules))}")
            truths[name] = _with(truths[name], line, sessions[name])
        except ValueError as error:
            raise TruthError(f"{path}: line {number}: {error}") from None
    return truths


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TruthError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise TruthError(f"{path}: is larger than {MAX_BYTES >> 20} MiB; is this a truth file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TruthError(f"{path}: is not UTF-8 text") from None


def _session(said: int | str | None, sessions: Mapping[SessionName, SessionTimes]) -> SessionName:
    if said is None:
        fitting = list(sessions)
    elif isinstance(said, int):
        fitting = [name for name in sessions if name[1] == said]
    else:
        log, _, number = said.partition("#")
        fitting = [name for name in sessions if name[0] == log and number in ("", str(name[1]))]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"{log}#{number}" for log, number in list(sessions)[:8])
    if not fitting:
        raise ValueError(f"session {said!r}: there is none; there are {known}")
    raise ValueError(f"session {said!r}: could be several; say which of {known}")


def _with(truth: Truth, line: _Line, times: SessionTimes) -> Truth:
    if line.channel is not None and line.channel not in times.channels:
        raise ValueError(f"channel {line.channel!r}: {times.name} has {', '.join(times.channels)}")
    if line.reviewed is not None:
        return _with_reviewed(truth, line, line.reviewed, times)
    if line.label is None or line.start is None or line.end is None:
        raise ValueError("needs start, end and label, or reviewed")
    start, end = _moment(line.start, line.channel, times), _moment(line.end, line.channel, times)
    if end < start:
        raise ValueError("ends before it starts")
    if line.label == "true":
        event = TrueEvent(start, end, line.channel, line.rule, line.count or 1)
        return msgspec.structs.replace(truth, events=(*truth.events, event))
    if line.count is not None:
        raise ValueError("count: only what is true is counted")
    mark = Mark(start, end, line.label, line.channel, line.rule, line.cause)
    return msgspec.structs.replace(truth, marks=(*truth.marks, mark))


def _with_reviewed(truth: Truth, line: _Line, stretch: tuple[str, str] | str, times: SessionTimes) -> Truth:
    if line.label is not None or line.start is not None or line.end is not None:
        raise ValueError("reviewed stands in a line of its own, with session and channel at most")
    if stretch == "all":
        start, end = 0, times.end_ns
    else:
        start, end = (_moment(moment, line.channel, times) for moment in stretch)
    if end < start:
        raise ValueError("reviewed: ends before it starts")
    return msgspec.structs.replace(truth, reviewed=(*truth.reviewed, Reviewed(start, end, line.channel)))


def _moment(text: str, channel: str | None, times: SessionTimes) -> int:
    frame = _FRAME.fullmatch(text)
    return times.of_frame(int(frame[1]), channel) if frame else times.of_civil(text)
