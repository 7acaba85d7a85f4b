"""Pictures of a frame with what was seen on it: box, trajectory, rule, size and a caption.

Nothing here enters the fold, so colours and fonts may change at any time.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kernel.events import Box
from kernel.site.model import Point, Rule

MILLION = 1_000_000
AT_LEAST_PX = 720
"""Small sensors are enlarged by a whole factor to at least this width."""
RED, AMBER, CYAN, WHITE, DARK = "#ff4136", "#ffb000", "#39cccc", "#ffffff", "#14161a"
# Black – violet – red – orange – yellow – white: brightness rises evenly, so that it reads in grey print too.
EMBER = ((0, 0, 0), (32, 12, 74), (106, 23, 110), (187, 55, 84), (237, 105, 37), (252, 181, 25), (252, 255, 200))


class Overlay(msgspec.Struct, frozen=True):
    """What to draw on a frame; leave out what should not show. Coordinates in millionths."""

    box: Box | None = None
    label: str = ""
    trajectory: Sequence[Point] = ()
    rule: Rule | None = None
    caption: str = ""


def draw(pixels: np.ndarray, thermal: bool, overlay: Overlay) -> Image.Image:
    """The frame, (height, width) uint8 or uint16, as an RGB picture with the overlay drawn on it."""
    grey = stretched(pixels)
    picture = Image.fromarray(ember_palette()[grey] if thermal else np.repeat(grey[..., None], 3, axis=2))
    factor = max(1, -(-AT_LEAST_PX // picture.width))
    way = Image.Resampling.BICUBIC
    picture = picture.resize((picture.width * factor, picture.height * factor), way)
    pen = ImageDraw.Draw(picture, "RGBA")
    if overlay.rule is not None:
        _draw_rule(pen, overlay.rule, picture.size)
    if len(overlay.trajectory) > 1:
        pen.line(_scaled(overlay.trajectory, picture.size), fill=CYAN, width=3, joint="curve")
    if overlay.box is not None:
        _draw_box(pen, overlay.box, overlay.label, picture.size)
    return _with_caption(picture, overlay.caption) if overlay.caption else picture


def stretched(pixels: np.ndarray) -> np.ndarray:
    """To 8 bit for the eye: 16-bit frames between their 0.5 and 99.8 percentiles, 8-bit ones as they are."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = np.percentile(pixels, (0.5, 99.8))
    scaled = (pixels.astype(np.float32) - low) * (255 / max(1.0, high - low))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def ember_palette() -> np.ndarray:
    """(256, 3) uint8: from cold (dark) to hot (bright)."""
    stops = np.array(EMBER, float)
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)


def _scaled(points: Sequence[Point], size: tuple[int, int]) -> list[tuple[float, float]]:
    return [(x * size[0] / MILLION, y * size[1] / MILLION) for x, y in points]


def _draw_rule(pen: ImageDraw.ImageDraw, rule: Rule, size: tuple[int, int]) -> None:
    name = rule.id
    if rule.line is not None:
        points = _scaled(rule.line, size)
        pen.line(points, fill=AMBER, width=3)
        _letter_sides(pen, points)
        _label(pen, points[0], name, AMBER)
    elif rule.region is not None:
        points = _scaled(rule.region, size)
        pen.polygon(points, fill=(255, 176, 0, 28))
        pen.line([*points, points[0]], fill=AMBER, width=3)
        _label(pen, min(points, key=lambda p: (p[1], p[0])), name, AMBER)


def _letter_sides(pen: ImageDraw.ImageDraw, line: list[tuple[float, float]]) -> None:
    """A on the left, B on the right, looking from the first to the second point."""
    (x0, y0), (x1, y1) = line
    length = max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
    normal = ((y1 - y0) / length * 18, -(x1 - x0) / length * 18)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    for letter, sign in (("A", 1), ("B", -1)):
        pen.text(
            (middle[0] + sign * normal[0], middle[1] + sign * normal[1]), letter, AMBER, font=_font(18), anchor="mm"
        )


def _draw_box(pen: ImageDraw.ImageDraw, box: Box, label: str, size: tuple[int, int]) -> None:
    x, y, w, h = box
    corners = _scaled([(x, y), (x + w, y + h)], size)
    pen.rectangle((corners[0], corners[1]), outline=RED, width=3)
    if label:
        _label(pen, (corners[0][0], corners[0][1]), label, RED)


def _label(pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
    """A small tag above the point, kept inside the picture."""
    font = _font(15)
    left, top, right, bottom = font.getbbox(text)
    width, height = right - left + 10, bottom - top + 8
    image_width, image_height = pen.im.size
    x = min(max(0, at[0]), image_width - width)
    y = min(max(0, at[1] - height), image_height - height)
    pen.rectangle((x, y, x + width, y + height), fill=colour)
    pen.text((x + 5, y + 4 - top), text, DARK, font=font)


def _with_caption(picture: Image.Image, caption: str) -> Image.Image:
    lines = caption.splitlines()
    height = 22 * len(lines) + 12
    whole = Image.new("RGB", (picture.width, picture.height + height), DARK)
    whole.paste(picture, (0, 0))
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        pen.text((10, picture.height + 7 + 22 * number), line, WHITE, font=_font(16))
    return whole


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
