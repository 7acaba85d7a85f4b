"""The colours of thermal pictures: for each palette its stops from cold to hot, evenly spaced."""

from functools import cache

import numpy as np

from kernel.site.linkage_model import PaletteName

Colour = tuple[int, int, int]
STOPS: dict[PaletteName, tuple[Colour, ...]] = {
    # Black – violet – red – orange – yellow – white: brightness rises evenly, so that it reads in grey print too.
    "ember": ((0, 0, 0), (32, 12, 74), (106, 23, 110), (187, 55, 84), (237, 105, 37), (252, 181, 25), (252, 255, 200)),
    "white_hot": ((0, 0, 0), (255, 255, 255)),
    "black_hot": ((255, 255, 255), (0, 0, 0)),
    # Grey, and only what is hottest is red.
    "red_hot": ((0, 0, 0), (80, 80, 80), (160, 160, 160), (230, 60, 30), (255, 20, 0)),
    "rainbow": ((0, 0, 80), (0, 60, 220), (0, 190, 190), (60, 200, 40), (250, 230, 40), (250, 90, 20), (255, 255, 255)),
}


@cache
def palette_of(name: PaletteName) -> np.ndarray:
    """(256, 3) uint8: the colour of each grey value."""
    stops = np.array(STOPS[name], float)
    at = np.linspace(0, len(stops) - 1, 256)
    colours = np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)
    colours.flags.writeable = False
    return colours
