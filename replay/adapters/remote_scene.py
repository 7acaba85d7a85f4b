"""Remote scene infrared: IRVideoSequence/SEQUENCE and GroundTruth/SEQUENCE, numbered alike; masks are 0 and 255.

A folder a sequence, with `groundtruth` beside `frames`, `input` or a video, is read as well: there the masks are
numbered as the pictures, or by the frame of the video, from 0.
"""

from pathlib import Path

from replay.adapters.sequence import AdapterError, Sequence, frames_by_number, frames_in, name_below, numbered

FRAMES, TRUTH = "IRVideoSequence", "GroundTruth"


def sequences(folder: Path) -> list[Sequence]:
    """Every sequence below a folder."""
    found: list[Sequence] = []
    for truth in folder.rglob(TRUTH):
        for masks in sorted(path for path in truth.iterdir() if path.is_dir()):
            found.append(_sequence(masks.name, truth.parent / FRAMES / masks.name, masks))
    for masks in folder.rglob("groundtruth"):
        frames = frames_in(masks.parent, "frames", "input")
        if frames is None:
            raise AdapterError(f"{masks.parent}: has masks, but neither frames, input nor one video")
        found.append(_sequence(name_below(masks.parent, folder), frames, masks))
    return found


def _sequence(name: str, source: Path, truth: Path) -> Sequence:
    if not source.exists():
        raise AdapterError(f"{source}: the frames that {truth} belongs to are not there")
    masks = numbered(truth)
    frames = frames_by_number(source, masks)
    return Sequence(name, "thermal", source, masks={frames[n]: path for n, path in masks.items()})
