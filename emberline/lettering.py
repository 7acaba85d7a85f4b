"""Text in pictures: one font, and only what it can show."""

import unicodedata

from PIL import ImageFont

PLAIN = {"×": "x", "→": ">", "←": "<", "–": "-", "—": "-", "±": "+/-", "µ": "u", "σ": "sigma", "≥": ">=", "≤": "<="}
PLAIN |= {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L"}


def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, so that pictures look alike everywhere."""
    chosen = ImageFont.load_default(size)
    assert isinstance(chosen, ImageFont.FreeTypeFont)
    return chosen


def showable(text: str) -> str:
    """The text with what the font has no glyph for written otherwise: é as e, × as x, what is left as ?."""
    return "".join(_plain(character) for character in text)


def fitted(text: str, size: int, width: float) -> str:
    """The text, cut with … where it would be wider than `width` pixels."""
    text, letters = showable(text), font(size)
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _plain(character: str) -> str:
    if character == "\n" or " " <= character <= "~":
        return character
    if character in PLAIN:
        return PLAIN[character]
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return letters if letters.isprintable() and letters else "?"
