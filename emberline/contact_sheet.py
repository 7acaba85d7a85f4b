"""One picture of many moments: each as a whole frame, an enlargement of its target, and two lines of words."""

from collections.abc import Sequence

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from emberline.canvas import DARK, WHITE, Canvas
from emberline.lettering import fitted, font
from emberline.picture import Overlay, draw_target, shown, with_overlay
from kernel.events import Box

WHOLE_PX, CLOSE_PX, GAP_PX, MARGIN_PX = 560, 300, 6, 20
CARD_PX = WHOLE_PX + GAP_PX + CLOSE_PX
WORDS_PX = 62
TALLEST, FLATTEST = 0.9, 0.5
"""Height of a card's pictures, in shares of the whole frame's width."""
GREY, PANEL = "#aab2ba", "#22262c"


class Card(msgspec.Struct, frozen=True, eq=False):
    """A moment: its frame, (height, width) uint8 or uint16, what to draw on it, and what to say of it."""

    pixels: np.ndarray
    thermal: bool
    overlay: Overlay
    title: str
    detail: str


def contact_sheet(title: str, lines: Sequence[str], cards: Sequence[Card]) -> Image.Image:
    """The sheet: a title, lines below it, then the cards, two in a row where there are several."""
    columns = min(2, max(1, len(cards)))
    pictures = [_card(card) for card in cards]
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    width = columns * (CARD_PX + MARGIN_PX) + MARGIN_PX
    head = MARGIN_PX + 40 + 26 * len(lines) + 10
    sheet = Image.new("RGB", (width, head + sum(_tallest(row) + MARGIN_PX for row in rows)), DARK)
    pen = ImageDraw.Draw(sheet)
    inner = width - 2 * MARGIN_PX
    pen.text((MARGIN_PX, MARGIN_PX - 4), fitted(title, 28, inner), WHITE, font=font(28))
    for number, line in enumerate(lines):
        pen.text((MARGIN_PX, MARGIN_PX + 40 + 26 * number), fitted(line, 17, inner), GREY, font=font(17))
    top = head
    for row in rows:
        for column, picture in enumerate(row):
            sheet.paste(picture, (MARGIN_PX + column * (CARD_PX + MARGIN_PX), top))
        top += _tallest(row) + MARGIN_PX
    return sheet


def _tallest(row: Sequence[Image.Image]) -> int:
    return max(picture.height for picture in row)


def _card(card: Card) -> Image.Image:
    height, width = card.pixels.shape
    tall = round(WHOLE_PX * min(TALLEST, max(FLATTEST, height / width)))
    whole = with_overlay(shown(card.pixels, card.thermal, min(WHOLE_PX, round(tall * width / height))), card.overlay)
    picture = Image.new("RGB", (CARD_PX, tall + WORDS_PX), PANEL)
    picture.paste(whole, ((WHOLE_PX - whole.width) // 2, (tall - whole.height) // 2))
    if card.overlay.box is not None:
        close = _close_up(card, card.overlay.box, tall)
        at = (WHOLE_PX + GAP_PX + (CLOSE_PX - close.width) // 2, (tall - close.height) // 2)
        picture.paste(close, at)
    pen = ImageDraw.Draw(picture)
    pen.text((10, tall + 8), fitted(card.title, 18, CARD_PX - 20), WHITE, font=font(18))
    pen.text((10, tall + 34), fitted(card.detail, 16, CARD_PX - 20), GREY, font=font(16))
    return picture


def _close_up(card: Card, box: Box, tall: int) -> Image.Image:
    """The target with its surroundings, as large as fits into the right-hand side of the card."""
    height, width = card.pixels.shape
    x, y, w, h = (v * side / 1e6 for v, side in zip(box, (width, height, width, height), strict=True))
    room_h = min(height, max(1.7 * h, 1.7 * w * tall / CLOSE_PX, height / 4))
    room_w = min(width, room_h * CLOSE_PX / tall)
    left = min(max(0.0, x + w / 2 - room_w / 2), width - room_w)
    top = min(max(0.0, y + h / 2 - room_h / 2), height - room_h)
    scale = min(CLOSE_PX / room_w, tall / room_h)
    size = (max(1, round(room_w * scale)), max(1, round(room_h * scale)))
    whole = shown(card.pixels, card.thermal, width)
    close = whole.resize(size, Image.Resampling.BICUBIC, (left, top, left + room_w, top + room_h))
    canvas = Canvas(close)
    inside = tuple(round(1e6 * v) for v in ((x - left) / room_w, (y - top) / room_h, w / room_w, h / room_h))
    draw_target(canvas, (inside[0], inside[1], inside[2], inside[3]), "")
    return canvas.finished()
