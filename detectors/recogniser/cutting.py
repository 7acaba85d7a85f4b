"""Parts of frames as the inputs of a network, and boxes found there as boxes of the frame."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from kernel.events import Box

MILLION = 1_000_000
MARGIN = 0.5
"""Of the longer side of a target's box, added around it: targets are often larger than what stands out of them."""
LEAST_SIDE_PX = 48
PADDING = 114
"""The grey around a part of another shape than the input's, as networks of the YOLO family are trained with."""


class Cut(NamedTuple):
    """Where a part lies in its frame (left, top, right, bottom in pixels) and how it was fitted into the input."""

    sides: tuple[int, int, int, int]
    scale: float
    left: int
    top: int


def part_around(box: Box, width: int, height: int) -> Box:
    """The part of a `width` × `height` frame to look at for a target in `box`; both in millionths of the frame."""
    sides = box[2] * width / MILLION, box[3] * height / MILLION
    margin = MARGIN * max(sides)
    wide, high = (
        min(float(full), max(side + 2 * margin, LEAST_SIDE_PX))
        for side, full in zip(sides, (width, height), strict=True)
    )
    left = min(max((box[0] + box[2] / 2) * width / MILLION - wide / 2, 0.0), width - wide)
    top = min(max((box[1] + box[3] / 2) * height / MILLION - high / 2, 0.0), height - high)
    return (
        int(left * MILLION / width),
        int(top * MILLION / height),
        int(wide * MILLION / width),
        int(high * MILLION / height),
    )


def as_grey(pixels: np.ndarray) -> np.ndarray:
    """(height, width) uint8 of a frame: 16-bit counts are stretched from their 1st to their 99th percentile."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = (int(v) for v in np.percentile(pixels, (1, 99)))
    stretched = (pixels.astype(np.int32) - low) * 255 // max(1, high - low)
    return np.clip(stretched, 0, 255).astype(np.uint8)


def cut_out(grey: np.ndarray, part: Box, width: int, height: int) -> tuple[np.ndarray, Cut]:
    """A part of a frame, (height, width) uint8, fitted into the middle of an input of this size, shape kept."""
    rows, columns = grey.shape
    left, top = part[0] * columns // MILLION, part[1] * rows // MILLION
    right = min(columns, max(left + 1, -(-(part[0] + part[2]) * columns // MILLION)))
    bottom = min(rows, max(top + 1, -(-(part[1] + part[3]) * rows // MILLION)))
    scale = min(width / (right - left), height / (bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    cut = Cut((left, top, right, bottom), scale, (width - size[0]) // 2, (height - size[1]) // 2)
    fitted = Image.fromarray(grey[top:bottom, left:right]).resize(size, Image.Resampling.BILINEAR)
    canvas = np.full((height, width), PADDING, np.uint8)
    canvas[cut.top : cut.top + size[1], cut.left : cut.left + size[0]] = np.asarray(fitted)
    return canvas, cut


def in_frame(found: np.ndarray, cut: Cut, width: int, height: int) -> Box | None:
    """A box found in the input (left, top, right, bottom in its pixels) as one of the frame; None where it is not in
    the part."""
    left, top, right, bottom = cut.sides
    x0, x1 = (min(max(left + (float(x) - cut.left) / cut.scale, left), right) for x in (found[0], found[2]))
    y0, y1 = (min(max(top + (float(y) - cut.top) / cut.scale, top), bottom) for y in (found[1], found[3]))
    if x1 - x0 < 1 or y1 - y0 < 1:
        return None
    x, y = int(x0 * MILLION / width), int(y0 * MILLION / height)
    return x, y, int(x1 * MILLION / width) - x, int(y1 * MILLION / height) - y
