"""Pictures of a frame with what was seen on it: box, trajectory, rule, size and a caption.

Nothing here enters the fold, so colours and fonts may change at any time.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from emberline.canvas import DARK, SKY, WHITE, YELLOW, Canvas
from emberline.lettering import fitted, font
from emberline.palettes import palette_of
from emberline.rule_drawing import draw_rule, scaled
from kernel.events import Box
from kernel.site.linkage_model import PaletteName
from kernel.site.model import Point, Rule

AT_LEAST_PX = 720
"""Small sensors are enlarged by a whole factor to at least this width."""


class Overlay(msgspec.Struct, frozen=True):
    """What to draw on a frame; leave out what should not show. Coordinates in millionths."""

    box: Box | None = None
    label: str = ""
    trajectory: Sequence[Point] = ()
    rule: Rule | None = None
    caption: str = ""


def draw(pixels: np.ndarray, thermal: bool, overlay: Overlay, palette: PaletteName = "ember") -> Image.Image:
    """The frame, (height, width) uint8 or uint16, as an RGB picture with the overlay drawn on it."""
    factor = max(1, -(-AT_LEAST_PX // pixels.shape[1]))
    picture = with_overlay(shown(pixels, thermal, pixels.shape[1] * factor, palette), overlay)
    return _with_caption(picture, overlay.caption) if overlay.caption else picture


def with_overlay(picture: Image.Image, overlay: Overlay) -> Image.Image:
    """The picture of a whole frame with rule, trajectory, box and label; captions are left to others."""
    canvas = Canvas(picture)
    if overlay.rule is not None:
        draw_rule(canvas, overlay.rule, SKY, overlay.rule.id)
    if len(overlay.trajectory) > 1:
        canvas.stroke(scaled(overlay.trajectory, canvas.size), YELLOW, 2)
    if overlay.box is not None:
        draw_target(canvas, overlay.box, overlay.label)
    return canvas.finished()


def draw_target(canvas: Canvas, box: Box, label: str) -> None:
    """The corners around a target, a little outside it but within the picture, and its label."""
    x, y, w, h = box
    (x0, y0), (x1, y1) = scaled([(x, y), (x + w, y + h)], canvas.size)
    left, top = max(2.0, x0 - 4), max(2.0, y0 - 4)
    right, bottom = min(canvas.size[0] - 2.0, x1 + 4), min(canvas.size[1] - 2.0, y1 + 4)
    canvas.corners((left, top, right, bottom), WHITE)
    if label:
        canvas.tag(label, [(left, top), (left, bottom), (right, top), (right, bottom)], WHITE)


def shown(pixels: np.ndarray, thermal: bool, width: int, palette: PaletteName = "ember") -> Image.Image:
    """The frame, (height, width) uint8 or uint16, as an RGB picture `width` pixels wide."""
    grey = stretched(pixels)
    picture = Image.fromarray(palette_of(palette)[grey] if thermal else np.repeat(grey[..., None], 3, axis=2))
    height = max(1, round(width * picture.height / picture.width))
    way = Image.Resampling.BICUBIC if width > picture.width else Image.Resampling.LANCZOS
    return picture.resize((width, height), way)


def stretched(pixels: np.ndarray) -> np.ndarray:
    """To 8 bit for the eye: 8-bit frames as they are, 16-bit ones as thermal cameras show them.

    Half linear between the 0.5 and 99.8 percentiles, half by histogram equalisation with a plateau (Silverman, "Signal
    processing algorithms for display and enhancement of IR images", 1993), so that a cold sky does not take all
    the contrast from the ground.
    """
    if pixels.dtype == np.uint8:
        return pixels
    low, high = np.percentile(pixels, (0.5, 99.8))
    linear = np.clip((pixels.astype(np.float32) - low) / max(1.0, high - low), 0, 1)
    steps = (linear * 1023).astype(np.int64)
    counts = np.bincount(steps.ravel(), minlength=1024)
    ranks = np.cumsum(np.minimum(counts, max(1, pixels.size // 100)))
    return np.clip(255 * (0.5 * linear + 0.5 * (ranks / ranks[-1])[steps]), 0, 255).astype(np.uint8)


def _with_caption(picture: Image.Image, caption: str) -> Image.Image:
    lines = caption.splitlines()
    height = 24 * len(lines) + 12
    whole = Image.new("RGB", (picture.width, picture.height + height), DARK)
    whole.paste(picture, (0, 0))
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        text = fitted(line, 16, picture.width - 20)
        pen.text((10, picture.height + 7 + 24 * number), text, WHITE, font=font(16))
    return whole
