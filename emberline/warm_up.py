"""Everything that is slow the first time, done before the first frame arrives: compiled code is loaded or compiled."""

import numpy as np

from detectors.detector import ChannelDetector
from kernel.detector import Frame
from kernel.site.model import Site

FRAMES = 24
"""A few more than the hold-off has."""
INTERVAL_NS = 40_000_000
DTYPES = {"thermal": (np.uint16, np.uint8), "optical": (np.uint8,)}


def warm_up(site: Site) -> None:
    """Run a throwaway detector of each channel over made-up frames in which something appears."""
    for channel in site.channels:
        rules = site.rules_of(channel.id)
        for dtype in DTYPES[channel.kind]:
            detector = ChannelDetector(channel, rules)
            for number in range(FRAMES):
                captured_ns = number * INTERVAL_NS
                detector.perceive(Frame(number, captured_ns, _made_up(number, dtype), None, None))
                detector.judge(captured_ns, dict.fromkeys((rule.id for rule in rules), 0))


def _made_up(number: int, dtype: type[np.uint8] | type[np.uint16]) -> np.ndarray:
    """(72, 96) of `dtype`: an even ground, and in the last frames a bright target on it."""
    rows, columns = np.indices((72, 96))
    frame = (100 + (rows * 7 + columns * 3 + number) % 5).astype(dtype)
    if number > FRAMES - 4:
        frame[20:50, 10 + number : 30 + number] = 200
    return frame
