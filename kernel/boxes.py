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


def holds(part: Box, box: Box) -> bool:
    """Whether all of the box lies in the part."""
    beyond = part[0] + part[2] - box[0] - box[2], part[1] + part[3] - box[1] - box[3]
    return part[0] <= box[0] and part[1] <= box[1] and min(beyond) >= 0
