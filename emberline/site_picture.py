"""A site as drawn on its cameras' pictures: `emberline preview`."""

from collections.abc import Sequence

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from emberline.canvas import DARK, GREEN, ORANGE, PURPLE, SKY, WHITE, YELLOW, Canvas
from emberline.lettering import fitted, font
from emberline.picture import shown
from emberline.rule_drawing import draw_motion_area, draw_persons, draw_privacy_mask, draw_rule, draw_shield
from kernel.site.model import Channel, Motion, Polygon, Rule, Site

PANEL_PX = 880
MARGIN, LINE = 16, 24
COLOURS = (SKY, YELLOW, PURPLE, ORANGE)
EMPTY_SHAPE = (540, 960)


class View(msgspec.Struct, frozen=True, eq=False):
    """A channel and a frame of it, (height, width) uint8 or uint16; None with the reason where none could be had."""

    channel: Channel
    pixels: np.ndarray | None
    reason: str = ""


def site_picture(site: Site, views: Sequence[View]) -> Image.Image:
    """Every channel with its rules, shields, masks and motion areas, and a legend below; two side by side."""
    panels = [_panel(view, site.rules_of(view.channel.id)) for view in views]
    rows = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    widest = max(sum(p.width for p in row) + MARGIN * (len(row) + 1) for row in rows)
    height = sum(max(p.height for p in row) + MARGIN for row in rows) + MARGIN
    sheet = Image.new("RGB", (widest, height), DARK)
    y = MARGIN
    for row in rows:
        x = MARGIN
        for panel in row:
            sheet.paste(panel, (x, y))
            x += panel.width + MARGIN
        y += max(p.height for p in row) + MARGIN
    return sheet


def _panel(view: View, rules: Sequence[Rule]) -> Image.Image:
    picture = _drawn(view, rules)
    legend = _legend(view, rules)
    height = 36 + picture.height + 10 + LINE * len(legend)
    panel = Image.new("RGB", (picture.width, height), DARK)
    pen = ImageDraw.Draw(panel)
    channel = view.channel
    title = f"{channel.name or channel.id} ({channel.kind})   {channel.source}"
    pen.text((0, 4), fitted(title, 18, picture.width), WHITE, font=font(18))
    panel.paste(picture, (0, 36))
    for number, (colour, text) in enumerate(legend):
        y = 36 + picture.height + 10 + LINE * number
        pen.rounded_rectangle((2, y + 4, 22, y + 17), 3, fill=colour, outline=WHITE)
        pen.text((32, y), fitted(text, 15, picture.width - 36), WHITE, font=font(15))
    return panel


def _drawn(view: View, rules: Sequence[Rule]) -> Image.Image:
    pixels, channel = view.pixels, view.channel
    blank = pixels is None
    if pixels is None:
        pixels = np.full(EMPTY_SHAPE, 48, np.uint8)
    width = max(PANEL_PX, min(pixels.shape[1], 1280))
    canvas = Canvas(shown(pixels, channel.kind == "thermal" and not blank, width))
    for polygon in _shields(channel, rules):
        draw_shield(canvas, polygon)
    for polygon in _motion_areas(channel.motion):
        draw_motion_area(canvas, polygon)
    if channel.perspective is not None:
        draw_persons(canvas, channel.perspective)
    for number, rule in enumerate(rules):
        draw_rule(canvas, rule, COLOURS[number % len(COLOURS)], rule.id)
    for polygon in channel.privacy_mask:
        draw_privacy_mask(canvas, polygon)
    if blank:
        canvas.note("no picture of this source")
    return canvas.finished()


def _shields(channel: Channel, rules: Sequence[Rule]) -> list[Polygon]:
    """The channel's and those of rules of their own, each once."""
    return list(dict.fromkeys([*channel.shield, *(p for rule in rules for p in rule.shield)]))


def _motion_areas(motion: Motion | None) -> list[Polygon]:
    if motion is None or not motion.enabled:
        return []
    return list(motion.areas) if motion.mode == "normal" else [area.region for area in motion.expert_areas]


def _legend(view: View, rules: Sequence[Rule]) -> list[tuple[str, str]]:
    lines = [(COLOURS[n % len(COLOURS)], _rule_words(rule)) for n, rule in enumerate(rules)]
    if not rules:
        lines.append((DARK, "no rule: nothing on this channel raises an alarm"))
    if _shields(view.channel, rules):
        lines.append(("#808890", "hatched: shield; rules see nothing here"))
    if view.channel.perspective is not None:
        lines.append((GREEN, "upright boxes: a person, as the perspective says, near and far"))
    if view.channel.privacy_mask:
        lines.append(("#000000", "black: privacy mask; blacked out before anything is recorded"))
    if view.channel.motion is not None:
        lines.append((GREEN, _motion_words(view.channel.motion)))
    if view.pixels is None:
        lines.append((DARK, f"no picture: {view.reason}"))
    return lines


def _motion_words(motion: Motion) -> str:
    if not motion.enabled:
        return "motion detection is switched off"
    where = "dashed: motion areas" if _motion_areas(motion) else "motion detection on the whole picture"
    return f"{where}, {motion.mode} mode"


def _rule_words(rule: Rule) -> str:
    ways = {"both": "in both directions", "a_to_b": "from A to B", "b_to_a": "from B to A"}
    what = rule.type.replace("_", " ")
    if rule.type == "line_crossing":
        what += f" {ways[rule.direction]}"
    if rule.type == "intrusion":
        what += f" for {rule.duration_ns / 1e9:g} s"
    targets = [t for t in ("human", "vehicle", "animal", "other") if t in rule.targets]
    who = "any target" if len(targets) == 4 else ", ".join(targets)
    off = "" if rule.enabled and rule.sensitivity else "  (off)"
    return f"{rule.id}: {what}; {who}; sensitivity {rule.sensitivity}; {rule.schedule}{off}"
