"""How warm and how bright things look."""

from typing import Literal

Look = Literal["thermal", "day", "night"]

MATERIALS: dict[str, tuple[float, float, float]] = {
    # name: counts above the ambient ground; grey value by day; grey value under the infrared lamp by night
    "face": (165, 168, 190),
    "hair": (95, 45, 70),
    "hand": (130, 160, 185),
    "jacket": (78, 52, 120),
    "sleeve": (70, 48, 112),
    "trousers": (58, 40, 90),
    "shoe": (25, 25, 35),
    "fur": (72, 105, 140),
    "belly": (98, 130, 165),
    "snout": (140, 95, 150),
    "leg": (88, 70, 110),
    "tail": (40, 112, 145),
    "eye": (120, 40, 250),
    "paint": (12, 168, 150),
    "roof": (-28, 150, 120),
    "bonnet": (118, 172, 150),
    "grille": (150, 38, 60),
    "glass": (-45, 62, 40),
    "tyre": (52, 28, 30),
    "hub": (38, 120, 110),
    "lamp": (40, 225, 255),
    "tail_lamp": (20, 90, 190),
    "underbody": (85, 22, 18),
    "wall": (18, 150, 125),
    "gable": (10, 138, 118),
    "roof_tiles": (-70, 92, 70),
    "window": (62, 48, 34),
    "door": (34, 84, 80),
    "post": (-22, 96, 140),
    "rail": (-14, 104, 150),
    "pole": (-12, 110, 140),
    "trunk": (22, 62, 85),
    "leaf": (-9, 74, 105),
    "grass": (0, 112, 92),
    "gravel": (14, 142, 112),
    "asphalt": (34, 92, 62),
    "kerb": (42, 172, 135),
    "far_trees": (-20, 68, 26),
}


def tone(material: str, look: Look) -> float:
    """The value of a material: counts above ambient where thermal, else a grey value under full light."""
    return MATERIALS[material][("thermal", "day", "night").index(look)]
