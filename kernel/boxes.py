"""The anchors of a box: which point of a target counts. All in millionths of the frame."""

from kernel.events import Box
from kernel.site.model import Point


def centre(box: Box) -> Point:
    """The middle of the box."""
    x, y, w, h = box
    return x + w // 2, y + h // 2


def foot(box: Box) -> Point:
    """The middle of the lower edge, where a standing target touches the ground."""
    x, y, w, h = box
    return x + w // 2, y + h
