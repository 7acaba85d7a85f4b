"""The false alarms of a report as pictures, grouped by cause and place."""

import base64
import io
from collections.abc import Sequence

import msgspec
import numpy as np
from PIL import Image

from emberline.picture import Overlay, shown, with_overlay
from emberline.wiring import read_log
from kernel.log.contract import EventLog
from kernel.references import CHANNEL_SOURCE
from kernel.site.reader import Variants
from replay.frames import frame_pixels
from replay.refold import FramesMissing
from replay.scoring import Judged, Verdict
from replay.scoring.corpus import KnownSession
from replay.tuning.suggestions import clusters

MOST_PICTURES = 48
WIDTH_PX = 420


class Shown(msgspec.Struct, frozen=True):
    """A false alarm: its picture as a data address, None where the frame has expired, and words to it."""

    picture: str | None
    words: str
    gone: bool


class Group(msgspec.Struct, frozen=True):
    """False alarms of one cause at one place."""

    title: str
    alarms: tuple[Shown, ...]


def false_alarm_groups(
    sessions: Sequence[KnownSession], before: Sequence[Judged], after: Sequence[Judged]
) -> list[Group]:
    """The false alarms of the recorded settings, each with whether the recommended ones raise it still.

    Those that only the recommended settings raise come last.
    """
    entries: list[tuple[str, KnownSession, Verdict, str]] = []
    for known, old, new in zip(sessions, before, after, strict=True):
        left = [v for v in new.verdicts if v.kind == "false"]
        for verdict in (v for v in old.verdicts if v.kind == "false"):
            same = next((v for v in left if _same(v, verdict)), None)
            if same is not None:
                left.remove(same)
            cause = verdict.cause or "cause not said"
            entries.append((cause, known, verdict, "gone" if same is None else "stays"))
        entries += [("only with the recommended settings", known, v, "new") for v in left]
    groups: list[Group] = []
    room = MOST_PICTURES
    for cause in sorted({e[0] for e in entries}):
        chosen = [e for e in entries if e[0] == cause]
        for number, boxes in enumerate(clusters([e[2].alarm.box for e in chosen]), 1):
            here = [e for e in chosen if e[2].alarm.box in boxes][: max(0, room)]
            room -= len(here)
            if here:
                title = f"{cause.replace('_', ' ')}, place {number}: {len(boxes)}"
                groups.append(Group(title, tuple(_shown(known, v, fate) for _, known, v, fate in here)))
    return groups


def scene_of(known: KnownSession, channel: str) -> np.ndarray | None:
    """A frame from the middle of the session as a picture, (height, width, 3) uint8; None where it has expired."""
    with read_log(known.path) as log:
        seqs = frame_seqs(log, known, channel)
        picture = None if not seqs else _frame(log, known, channel, seqs[len(seqs) // 2], Overlay())
    return None if picture is None else np.asarray(picture)


def frame_seqs(log: EventLog, known: KnownSession, channel: str) -> list[int]:
    """The seqs of a channel's frames, by their numbers in the session."""
    chosen = msgspec.structs.replace(known.session.facts("FrameCaptured"), sources=(CHANNEL_SOURCE + channel,))
    return [fact.seq for fact in log.read(chosen)]


def _shown(known: KnownSession, verdict: Verdict, fate: str) -> Shown:
    alarm = verdict.alarm
    with read_log(known.path) as log:
        picture = None
        if alarm.frame is not None:
            seq = frame_seqs(log, known, alarm.channel)[alarm.frame]
            picture = _frame(log, known, alarm.channel, seq, Overlay(box=alarm.box, label=alarm.target))
    address = None
    if picture is not None:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82)
        address = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    words = f"{known.title} {alarm.rule}#{alarm.ordinal} at {alarm.time_ns / 1e9:.1f} s: {fate}"
    return Shown(address, words, fate == "gone")


def _frame(log: EventLog, known: KnownSession, channel: str, seq: int, overlay: Overlay) -> Image.Image | None:
    kinds = {c.id: c.kind for c in Variants(known.document).site(()).channels}
    try:
        pixels = frame_pixels(log, seq)
    except FramesMissing:
        return None
    return with_overlay(shown(pixels, kinds.get(channel) == "thermal", WIDTH_PX), overlay)


def _same(one: Verdict, other: Verdict) -> bool:
    a, b = one.alarm, other.alarm
    return a.rule == b.rule and abs(a.time_ns - b.time_ns) <= 2_000_000_000
