"""Public data sets beside the shared recordings: `python -m tests.accuracy.public LAYOUT=FOLDER …` prints Markdown.

For each sequence what its truth allows: pixels, boxes, identities, or whether the right things raise an alarm. With the
defaults; the scene mode is distant_view on remote-scene infrared, otherwise general.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from replay.adapters import LAYOUTS, AdapterError, Sequence, open_dataset
from replay.adapters.sequence import Boxes
from support.clips import frames_of
from support.sites import whole_frame
from tests.accuracy import peers
from tests.accuracy.crossings import found_boxes
from tests.accuracy.following import Followed, follow, overlap
from tests.accuracy.identity import idf1
from tests.accuracy.masks import masked, ours, score
from tests.accuracy.peers_opencv import PEERS, peer_masks

LEAST_OVERLAP = 0.5


def section(word: str) -> Iterator[str]:
    """The tables of a data set, given as LAYOUT=FOLDER. Raises `AdapterError`."""
    layout, equals, folder = word.partition("=")
    if not equals:
        raise AdapterError(f"{word}: say LAYOUT=FOLDER; known layouts are {', '.join(LAYOUTS)}")
    found = open_dataset(layout, Path(folder))
    yield f"## {layout}, {len(found)} sequence{'s' * (len(found) != 1)}"
    yield ""
    with_masks = [s for s in found if s.masks]
    if with_masks:
        yield from _pixels(with_masks, layout)
    with_boxes = [s for s in found if s.boxes]
    if with_boxes:
        yield from _boxes(with_boxes)
    others = [s for s in found if not s.masks and not s.boxes]
    if others:
        yield from _alarms(others)


def _pixels(found: list[Sequence], layout: str) -> Iterator[str]:
    yield f"| sequence | frames with truth | Emberline | {' | '.join(PEERS)} |"
    yield "|---|---|---|" + "---|" * len(PEERS)
    sums = [0.0] * (1 + len(PEERS))
    for sequence in found:
        clip = masked(sequence, "distant_view" if layout == "remote_scene_ir" else "general")
        figures = [score(clip, ours(clip)), *(score(clip, peer_masks(clip, name)) for name in PEERS)]
        sums = [total + figure.f_measure for total, figure in zip(sums, figures, strict=True)]
        yield f"| {clip.name} | {len(clip.truth)} | {' | '.join(f'{f.f_measure:.3f}' for f in figures)} |"
    yield f"| mean F | | {' | '.join(f'{total / len(found):.3f}' for total in sums)} |"
    yield ""


def _boxes(found: list[Sequence]) -> Iterator[str]:
    yield "| sequence | boxes | box F1 | IDF1 | HOTA |"
    yield "|---|---|---|---|---|"
    for sequence in found:
        seen = found_boxes(_followed(sequence))
        identities = ["–", "–"]
        if sequence.identified:
            hota = f"{peers.track_scores(sequence.boxes, seen)['HOTA']:.3f}" if peers.there() else "not installed"
            identities = [f"{idf1(sequence.boxes, seen):.3f}", hota]
        count = sum(len(boxes) for boxes in sequence.boxes.values())
        yield f"| {sequence.name} | {count} | {box_f1(sequence.boxes, seen):.3f} | {' | '.join(identities)} |"
    yield ""


def box_f1(truth: Boxes, found: Boxes) -> float:
    """F1 of the boxes in the frames with truth: the best pairs first, each box once, IoU at least 0.5."""
    right = total = 0
    for frame, boxes in truth.items():
        ours_here = found.get(frame, {})
        pairs = [(overlap(a, b), i, j) for i, a in boxes.items() for j, b in ours_here.items()]
        taken: set[tuple[str, int]] = set()
        for shared, i, j in sorted(pairs, reverse=True):
            if shared >= LEAST_OVERLAP and not taken & {("truth", i), ("found", j)}:
                taken |= {("truth", i), ("found", j)}
                right += 1
        total += len(boxes) + len(ours_here)
    return 2 * right / total if total else 0.0


def _alarms(found: list[Sequence]) -> Iterator[str]:
    yield "| recording | expected | alarms at frames | classes |"
    yield "|---|---|---|---|"
    right = known = 0
    for sequence in found:
        seen = _followed(sequence)
        classes = sorted({seen.classes.get(alarm.hit.track, "unknown") for alarm in seen.alarms})
        frames = ", ".join(str(alarm.frame) for alarm in seen.alarms)
        if sequence.expected is not None:
            known += 1
            right += bool(seen.alarms) == bool(sequence.expected)
        yield f"| {sequence.name} | {_words(sequence)} | {frames or 'none'} | {', '.join(classes) or '–'} |"
    yield ""
    yield f"An alarm where there is a target, and none where there is none: {right} of {known}."
    yield ""


def _words(sequence: Sequence) -> str:
    if sequence.expected is None:
        return "not known"
    return ", ".join(sorted(sequence.expected)) or "nothing"


def _followed(sequence: Sequence) -> Followed:
    return follow(whole_frame(kind=sequence.kind), frames_of(sequence.source, sequence.fps))


def main(words: list[str]) -> int:
    try:
        for word in words or [""]:
            for line in section(word):
                print(line, flush=True)
    except AdapterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
