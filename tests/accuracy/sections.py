"""Sections of docs/accuracy.md beside the peers: pixels, tampering, crossings and tracks, classes, processed clips."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.accuracy import classes, crossings, dim, peers, tampering, thermal_clips
from tests.accuracy.gates import GATES
from tests.accuracy.masks import MaskedClip, all_masked, ours, score
from tests.accuracy.peers_opencv import PEERS, peer_masks

Lines = Iterator[str]
Section = Callable[[Path, Path], Lines]
"""Takes the folder of the recordings and one for what is made of them."""


def table(head: list[str], rows: Iterator[list[str]]) -> Lines:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def pixels(data: Path, made: Path) -> Lines:
    yield "## Pixel F-measure"
    yield ""
    yield "Counts pooled over every frame with truth, warm-up included; the peers with their defaults, in the same run."
    yield ""

    def row(clip: MaskedClip) -> list[str]:
        figures = [score(clip, ours(clip)), *(score(clip, peer_masks(clip, name)) for name in PEERS)]
        return [f"{clip.name}, {clip.mode}", *(f"{f.f_measure:.3f}" for f in figures)]

    yield from table(["clip", "Emberline", *PEERS], (row(clip) for clip in all_masked(data)))


def tampered(data: Path, made: Path) -> Lines:
    yield "## Tampering and scene change"
    yield ""
    yield "At the default sensitivity of 50; the burnt-in label of the two tampered clips is masked."
    yield ""

    def rows() -> Iterator[list[str]]:
        for clip in tampering.clips(data):
            found = ", ".join(f"{t.what} at {t.frame}" for t in tampering.told(data, clip))
            if clip.startswith("tamper_"):
                start, full, _ = tampering.effect(data, clip)
                yield [clip, f"{start} to {full}", found or "none"]
            elif found:
                yield [clip, "never", found]
        yield ["all others", "never", "none"]

    yield from table(["clip", "frames of the effect, from start to full", "told"], rows())


def tracks(data: Path, made: Path) -> Lines:
    truth, seen = crossings.true_boxes(data), crossings.seen_on_pets(data)
    found = crossings.found_crossings(seen)
    yield "## People on pets09_s2l1"
    yield ""
    yield "Crossings of five lines fixed beforehand: same line and direction, within 10 frames and 60 px of the truth."
    yield ""

    def rows() -> Iterator[list[str]]:
        expected = crossings.true_crossings(truth)
        for name in crossings.LINES:
            a, b = [c for c in expected if c.line == name], [c for c in found if c.line == name]
            yield [name, *_crossed(a, b)]
        yield ["all", *_crossed(expected, found)]

    yield from table(["line", "true", "found", "of them true", "F1"], rows())
    yield ""
    if peers.there():
        scores = peers.track_scores(truth, crossings.found_boxes(seen))
        yield f"Tracks, by trackeval: HOTA {scores['HOTA']:.3f}, IDF1 {scores['IDF1']:.3f}."
    else:
        yield "Tracks: not measured, trackeval is not installed."


def _crossed(expected: list[crossings.Crossing], found: list[crossings.Crossing]) -> list[str]:
    hits = crossings.matches(expected, found)
    f1 = 2 * hits / max(1, len(expected) + len(found))
    return [str(len(expected)), str(len(found)), str(hits), f"{f1:.3f}"]


def classified(data: Path, made: Path) -> Lines:
    yield "## Classes"
    yield ""
    yield "Tracks that follow true targets, by the class they got last."
    yield ""
    clips = list(classes.every_clip(data))

    def rows() -> Iterator[list[str]]:
        for c in clips:
            yield [c.clip, c.truth, ", ".join(f"{n} {k}" for n, k in sorted(c.got.items())) or "no track"]

    yield from table(["clip", "truth", "found"], rows())
    yield ""
    totals = classes.by_class(clips)
    yield "Right: " + ", ".join(f"{name} {right} of {total}" for name, (right, total) in totals.items()) + "."


def processed(data: Path, made: Path) -> Lines:
    yield "## The same thermal clips as an installed camera gives them"
    yield ""
    yield "8 bits after gain control with two jumps, a burnt-in clock, H.264. Frames at which alarms began and,"
    yield "for dvr-scan 1.8 with its defaults on the same files, motion events."
    yield ""

    def rows() -> Iterator[list[str]]:
        for clip in (*thermal_clips.TARGETS, *thermal_clips.WINDY):
            there = thermal_clips.presence(data, clip)
            verdict = thermal_clips.judge_clip(data, clip, thermal_clips.processed(data, clip, made))
            yield [
                clip,
                "never" if there is None else "throughout" if there[1] > 10**5 else f"{there[0]}–{there[1]}",
                ", ".join(map(str, verdict.frames)) or "none",
                _scanned(made / f"{clip}.mp4", 2.0 if clip == "tno_dune" else thermal_clips.LIVE_FPS),
            ]

    yield from table(["clip", "target present", "Emberline, general", "dvr-scan"], rows())


def _scanned(file: Path, fps: float) -> str:
    if not peers.there():
        return "not installed"
    return ", ".join(str(round(start * fps)) for start, _ in peers.motion_events(file)) or "none"


def dim_target(data: Path, made: Path) -> Lines:
    recall, false = dim.measured()
    yield "## A dim target"
    yield ""
    yield f"3 σ high, 12×28 px, in synthetic 16-bit noise: pixel recall {recall:.4f}, false pixels {false:.1e} of all."


def gated(data: Path, made: Path) -> Lines:
    yield "## Gates"
    yield ""
    yield "What `python -m tests.accuracy.gates` measures (with the repository and its `tests` folder on PYTHONPATH):"
    yield "it prints a line for each and exits with 1 while one is missed."
    yield ""

    def rows() -> Iterator[list[str]]:
        for measure in GATES.values():
            for gate in measure(data, made):
                yield [gate.name, gate.value, gate.limit, {True: "holds", False: "**missed**", None: ""}[gate.holds]]

    yield from table(["what", "measured", "demanded", ""], rows())


SECTIONS: tuple[Section, ...] = (gated, pixels, tracks, classified, processed, tampered, dim_target)
