"""What of a log may go: frames first, by age, then for want of room; events much later, or where they crowd them out.

`choose` decides and touches nothing; `prune` removes. The ledger says first what is removed, so that a part that is
gone on purpose is told from one that is missing; the events of pruned frames and their chain stay.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from kernel.log.contract import LogError
from kernel.log.directory import check_is_log
from kernel.log.ledger import Ledger
from kernel.log.ledger_file import append_lines, read_ledger
from kernel.log.ledger_lines import Compacted, Pruned, Sealed
from kernel.log.lock import WriterLock
from kernel.log.rotation import SEGMENT_BYTES
from kernel.log.segments import Segment, day_file, files_of, segments_in, write_ahead_file

DAY_NS = 86_400_000_000_000
EVENTS_EXPIRE_NS = 400 * DAY_NS
"""How long events stay, their frames gone long since."""
HEADROOM_BYTES = 128 * 1024 * 1024
"""Kept free of the quota for what is being written and sealed; a quarter of a small quota."""

Part = Literal["frames", "events"]
Why = Literal["expired", "quota", "disk"]


class Policy(msgspec.Struct, frozen=True):
    """How long, and how much. Times are logical ns."""

    quota_bytes: int
    expire_ns: int
    evidence_expire_ns: int
    overwrite: bool = True
    events_expire_ns: int = EVENTS_EXPIRE_NS

    @property
    def headroom(self) -> int:
        """Bytes of the quota that are for what is being written and sealed."""
        return min(HEADROOM_BYTES, self.quota_bytes // 4)

    @property
    def filled_at(self) -> int:
        """So many bytes of sealed and unsealed files are the most that may be there before something has to go."""
        return self.quota_bytes - self.headroom

    @property
    def segment_bytes(self) -> int:
        """How large segments may get: sealing one takes as much again for a moment."""
        return min(SEGMENT_BYTES, self.headroom // 2)


class Stored(msgspec.Struct, frozen=True):
    """A sealed segment as it lies on the disk, with the bytes of what is not pruned.

    Its logical time is from `began` to `ended`; `aged_from` is the moment from which its age counts. `frames` and
    `events` are 0 where that part is gone; `evidence` says that an alarm was recorded in it.
    """

    first_seq: int
    last_seq: int
    began: int
    ended: int
    frames: int
    events: int
    aged_from: int
    evidence: bool = False


class Choice(msgspec.Struct, frozen=True):
    """A part of a segment that is to go, and why."""

    segment: Stored
    part: Part
    why: Why

    @property
    def bytes(self) -> int:
        return self.segment.frames if self.part == "frames" else self.segment.events


def choose(
    stored: Sequence[Stored], policy: Policy, now: int, over_quota: int = 0, short_of: int = 0, room: int | None = None
) -> list[Choice]:
    """What is to go now, from segments in order.

    Parameters
    ----------
    now : logical time in ns.
    over_quota, short_of : bytes to be freed for the sake of the quota, and of the disk; heeded where `overwrite` is on.
    room : bytes that the disk has for the log; None for enough.

    Of frames the expired ones go, each kind after its own time; then, as long as bytes are to be freed, the oldest
    that are no evidence, and only then evidence. Events go in order from the start of the log and after their frames:
    once they have expired, and with `overwrite` where all events take more than half of what the log may have; then
    the oldest segments go whole.
    """
    frames = _frames_to_go(stored, policy, now, over_quota, short_of)
    allowed = (policy.filled_at if room is None else min(policy.filled_at, room)) // 2
    return [*frames, *_events_to_go(stored, policy, now, {choice.segment.first_seq for choice in frames}, allowed)]


def _frames_to_go(stored: Sequence[Stored], policy: Policy, now: int, over_quota: int, short_of: int) -> list[Choice]:
    choices = [Choice(s, "frames", "expired") for s in stored if s.frames and _is_over(s, policy, now)]
    going = {choice.segment.first_seq for choice in choices}
    freed = sum(choice.bytes for choice in choices)
    if not policy.overwrite:
        return choices
    rest = [s for s in stored if s.frames and s.first_seq not in going]
    for segment in sorted(rest, key=lambda s: s.evidence):  # stable: the oldest of each kind first
        if freed >= max(over_quota, short_of):
            break
        choices.append(Choice(segment, "frames", "quota" if freed < over_quota else "disk"))
        freed += segment.frames
    return choices


def _events_to_go(
    stored: Sequence[Stored], policy: Policy, now: int, without_frames: set[int], allowed: int
) -> list[Choice]:
    """`without_frames` are the first seqs of the segments whose frames go now."""
    choices: list[Choice] = []
    taken = sum(segment.events for segment in stored)
    why: Why = "quota" if allowed == policy.filled_at // 2 else "disk"
    for segment in (s for s in stored if s.events):
        keeps_frames = segment.frames > 0 and segment.first_seq not in without_frames
        if policy.overwrite and taken > allowed:
            if keeps_frames:  # even evidence: nothing else here is as old
                choices.append(Choice(segment, "frames", why))
            choices.append(Choice(segment, "events", why))
        elif now - segment.aged_from > policy.events_expire_ns and not keeps_frames:
            choices.append(Choice(segment, "events", "expired"))
        else:
            break
        taken -= segment.events
    return choices


def stored_segments(
    directory: Path,
    ledger: Ledger,
    evidence: Iterable[tuple[int, int]] = (),
    aged_from: Callable[[int], int] = lambda moment: moment,
) -> Iterator[Stored]:
    """The sealed segments with their sizes, but the lost ones.

    `evidence` are the stretches of logical time (both ends inclusive) in which alarms were recorded, in any order;
    `aged_from` gives the moment from which the age of another one counts.
    """
    stretches = merged(evidence)
    began = 0
    for line in ledger.sealed:
        segment = ledger.segment(directory, line)
        if line.first_seq not in ledger.gaps:
            frames = 0 if line.segment in ledger.pruned else _size(segment.frames)
            events = _size_of_events(ledger, line, segment)
            kept = any(start <= line.last_time and began <= end for start, end in stretches)
            aged = aged_from(line.last_time)
            yield Stored(line.first_seq, line.last_seq, began, line.last_time, frames, events, aged, kept)
        began = line.last_time


def waiting_bytes(directory: Path, ledger: Ledger) -> list[int]:
    """The size of each segment that waits to be sealed, in a log that is being written: all but the last one."""
    last = ledger.sealed[-1].last_seq if ledger.sealed else 0
    waiting = [segment for segment in segments_in(directory) if segment.first_seq > last][:-1]
    return [sum(map(_size, files_of(segment))) for segment in waiting]


def merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of time in order, those that overlap made one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def prune(directory: Path, choices: Sequence[Choice]) -> None:
    """Remove what was chosen; for the process that has the log open for writing. Raises `OSError`, `LogError`."""
    segments = [Segment(directory, choice.segment.first_seq) for choice in choices]
    append_lines(directory, [Pruned(s.name, c.part) for s, c in zip(segments, choices, strict=True)])
    ledger = read_ledger(directory)
    for segment, choice in zip(segments, choices, strict=True):
        if choice.part == "frames":
            _remove(segment.frames)
        else:
            _remove(segment.own_events)
            _remove_if_empty(directory, ledger, ledger.day_of(segment.first_seq))


def remove_leftovers(directory: Path) -> None:
    """Remove the files that the ledger says are pruned, or went into that of a day, and a crash left.

    Raises `OSError`.
    """
    ledger = read_ledger(directory)
    for line in ledger.sealed:
        segment = Segment(directory, line.first_seq)
        if line.segment in ledger.pruned:
            _remove(segment.frames)
        if line.segment in ledger.pruned_events or _is_in_day(directory, ledger, line):
            _remove(segment.own_events)
    for day in ledger.days:
        _remove_if_empty(directory, ledger, day)


def prune_frames(path: str | Path, first_seq: int) -> None:
    """Remove the frames of the sealed segment that begins at `first_seq`, of a log that nobody writes to.

    Raises `LogError` where there is no such segment, `LogLocked` where the log is in use.
    """
    directory = Path(path)
    check_is_log(directory)
    lock = WriterLock(directory)
    try:
        found = [s for s in stored_segments(directory, read_ledger(directory)) if s.first_seq == first_seq]
        if not found:
            raise LogError(f"{directory} has no sealed segment {Segment(directory, first_seq).name}")
        prune(directory, [Choice(found[0], "frames", "expired")])
    finally:
        lock.release()


def _is_over(segment: Stored, policy: Policy, now: int) -> bool:
    return now - segment.aged_from > (policy.evidence_expire_ns if segment.evidence else policy.expire_ns)


def _size_of_events(ledger: Ledger, line: Sealed, segment: Segment) -> int:
    """Of the file of a day, the segment's share."""
    if line.segment in ledger.pruned_events:
        return 0
    day = ledger.day_of(line.first_seq)
    return _size(segment.events) // (1 if day is None else len(ledger.lines_of(day)))


def _is_in_day(directory: Path, ledger: Ledger, line: Sealed) -> bool:
    day = ledger.day_of(line.first_seq)
    return day is not None and day_file(directory, day.first_seq).exists()


def _remove_if_empty(directory: Path, ledger: Ledger, day: Compacted | None) -> None:
    """The file of a day goes with the last of its segments."""
    if day is not None and all(line.segment in ledger.pruned_events for line in ledger.lines_of(day)):
        _remove(day_file(directory, day.first_seq))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _remove(database: Path) -> None:
    for file in (write_ahead_file(database), database):
        file.unlink(missing_ok=True)
