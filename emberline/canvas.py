"""Drawing over a picture so that it reads on any background: cased lines, tags that keep out of each other's way.

Everything is drawn at twice the size and brought down, so that slanting lines are smooth.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from emberline.lettering import font, showable

XY = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""
FINER = 2
SKY, YELLOW, GREEN, PURPLE, ORANGE = "#56b4e9", "#f0e442", "#2fd6a3", "#e08fc0", "#ffb25c"
"""After Okabe and Ito's colours, brightened: told apart by the colour-blind, and by their brightness in grey print."""
WHITE, DARK = "#ffffff", "#14161a"
TAG_SIZE = 15


class Canvas:
    """A layer over a picture, in the picture's own pixels."""

    def __init__(self, picture: Image.Image) -> None:
        self._picture = picture
        self._layer = Image.new("RGBA", (picture.width * FINER, picture.height * FINER), (0, 0, 0, 0))
        self._pen = ImageDraw.Draw(self._layer)
        self._letters: list[tuple[XY, str, str]] = []
        self._tags: list[tuple[str, Sequence[Rect], str]] = []
        self._taken: list[Rect] = []

    @property
    def size(self) -> tuple[int, int]:
        return self._picture.size

    def stroke(
        self, points: Sequence[XY], colour: str, width: float = 2.5, *, closed: bool = False, dashed: bool = False
    ) -> None:
        """A line through the points, with a dark rim."""
        whole = [*points, points[0]] if closed else list(points)
        pieces = _dashes(whole) if dashed else [whole]
        for rim, ink in ((3.0, DARK + "c0"), (0.0, colour)):
            for piece in pieces:
                self._pen.line(_finer(piece), fill=ink, width=round((width + rim) * FINER), joint="curve")
                for end in (piece[0], piece[-1]):
                    self._dot(end, (width + rim) / 2, ink)

    def fill(self, points: Sequence[XY], colour: str, alpha: int) -> None:
        """Tint an area; `alpha` is from 0 to 255."""
        veil = Image.new("RGBA", self._layer.size, (0, 0, 0, 0))
        ImageDraw.Draw(veil).polygon(_finer(points), fill=f"{colour}{alpha:02x}")
        self._layer.alpha_composite(veil)

    def hatch(self, points: Sequence[XY], colour: str, spacing: int = 12) -> None:
        """Slanting lines across an area, over a veil."""
        mask = Image.new("L", self._layer.size, 0)
        ImageDraw.Draw(mask).polygon(_finer(points), fill=255)
        lines = Image.new("RGBA", self._layer.size, DARK + "90")
        pen, height = ImageDraw.Draw(lines), lines.height
        for x in range(-height, lines.width, spacing * FINER):
            pen.line((x, height, x + height, 0), fill=colour, width=2 * FINER)
        self._layer.paste(lines, (0, 0), mask)

    def corners(self, box: Rect, colour: str, width: float = 3) -> None:
        """The corners of a box, so that what is in it stays in sight."""
        x0, y0, x1, y1 = box
        arm_x, arm_y = max(5.0, (x1 - x0) / 4), max(5.0, (y1 - y0) / 4)
        for x, y, right, down in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x1, y1, -1, -1), (x0, y1, 1, -1)):
            self.stroke([(x + right * arm_x, y), (x, y), (x, y + down * arm_y)], colour, width)
        self._taken.append(box)

    def arrow(self, start: XY, end: XY, colour: str, width: float = 2.5) -> None:
        """A line with a head at its end."""
        (x0, y0), (x1, y1) = start, end
        length = max(1e-6, float(np.hypot(x1 - x0, y1 - y0)))
        ahead = ((x1 - x0) / length, (y1 - y0) / length)
        neck = (x1 - 9 * ahead[0], y1 - 9 * ahead[1])
        self.stroke([start, neck], colour, width)
        for grown, ink in ((2.0, DARK + "c0"), (0.0, colour)):
            back, wide = (neck[0] - grown * ahead[0], neck[1] - grown * ahead[1]), 6 + grown
            head = [
                (x1 + 1.6 * grown * ahead[0], y1 + 1.6 * grown * ahead[1]),
                (back[0] - wide * ahead[1], back[1] + wide * ahead[0]),
                (back[0] + wide * ahead[1], back[1] - wide * ahead[0]),
            ]
            self._pen.polygon(_finer(head), fill=ink)

    def letter(self, at: XY, letter: str, colour: str) -> None:
        """A letter in a disc, above all lines."""
        self._letters.append((at, letter, colour))
        self._taken.append((at[0] - 13, at[1] - 13, at[0] + 13, at[1] + 13))

    def keep_clear(self, first: XY, second: XY, margin: float = 8) -> None:
        """Let no tag cover what lies between two points."""
        (x0, x1), (y0, y1) = sorted((first[0], second[0])), sorted((first[1], second[1]))
        self._taken.append((x0 - margin, y0 - margin, x1 + margin, y1 + margin))

    def tag(self, text: str, near: Sequence[XY], colour: str, *, gap: float = 6) -> None:
        """A name beside one of the points, the first where it covers nothing that matters."""
        letters = font(TAG_SIZE)
        width, height = letters.getlength(showable(text)) + 12, TAG_SIZE + 8
        places = [place for x, y in near for place in _around(x, y, width, height, gap)]
        self._tags.append((showable(text), [self._inside(p) for p in places], colour))

    def note(self, text: str) -> None:
        """Words in the middle of the picture."""
        middle = (self._layer.width / 2, self._layer.height / 2)
        self._pen.text(middle, showable(text), "#9aa4ad", font=font(20 * FINER), anchor="mm")

    def finished(self) -> Image.Image:
        """The picture with all that was drawn on it; letters and tags come last, on top."""
        for at, letter, colour in self._letters:
            self._dot(at, 12.5, DARK)
            self._dot(at, 11, colour)
            self._pen.text(_finer([at])[0], letter, DARK, font=font(16 * FINER), anchor="mm")
        self._letters.clear()
        for text, places, colour in self._tags:
            place = min(places, key=lambda p: sum(_overlap(p, t) for t in self._taken))
            self._taken.append(place)
            x0, y0, x1, y1 = (v * FINER for v in place)
            self._pen.rounded_rectangle((x0, y0, x1, y1), 4 * FINER, fill=colour, outline=DARK, width=FINER)
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            self._pen.text(middle, text, DARK, font=font(TAG_SIZE * FINER), anchor="mm")
        self._tags.clear()
        whole = self._picture.convert("RGBA")
        whole.alpha_composite(self._layer.reduce(FINER))
        return whole.convert("RGB")

    def _dot(self, at: XY, radius: float, ink: str) -> None:
        x, y, r = at[0] * FINER, at[1] * FINER, radius * FINER
        self._pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)

    def _inside(self, place: Rect) -> Rect:
        x0, y0, x1, y1 = place
        left = min(max(2.0, x0), max(2.0, self.size[0] - (x1 - x0) - 2))
        top = min(max(2.0, y0), max(2.0, self.size[1] - (y1 - y0) - 2))
        return left, top, left + x1 - x0, top + y1 - y0


def _finer(points: Sequence[XY]) -> list[XY]:
    return [(x * FINER, y * FINER) for x, y in points]


def _around(x: float, y: float, width: float, height: float, gap: float) -> list[Rect]:
    """Places for a tag beside a point: above, below, to the right, to the left."""
    corners = [
        (x, y - height - gap),
        (x, y + gap),
        (x - width, y - height - gap),
        (x - width, y + gap),
        (x + gap, y - height / 2),
        (x - width - gap, y - height / 2),
    ]
    return [(left, top, left + width, top + height) for left, top in corners]


def _overlap(a: Rect, b: Rect) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _dashes(points: Sequence[XY], dash: float = 9, gap: float = 7) -> list[list[XY]]:
    """A polyline cut into dashes, each a straight piece."""
    pieces: list[list[XY]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        length = float(np.hypot(x1 - x0, y1 - y0))
        at = 0.0
        while at < length:
            ends = at / length, min(length, at + dash) / length
            pieces.append([(x0 + (x1 - x0) * e, y0 + (y1 - y0) * e) for e in ends])
            at += dash + gap
    return pieces
