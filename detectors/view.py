"""What a camera usually shows, and how far the present picture is from it, block by block.

For each block the view keeps a slow reference of the picture and how well a usual frame agrees with it, as the
normalised correlation of their gradients. So gain and offset of the exposure do not matter, and blocks that never
agree (foliage in the wind, plain sky, noise) say nothing.
"""

from typing import NamedTuple

import msgspec
import numpy as np

from detectors.structure import (
    COLUMNS,
    ROWS,
    UNIT,
    best_shift,
    compared,
    edge_signs,
    layout,
    learn,
    levels,
    saturated,
    shrunk,
)
from kernel.state import as_state

SECOND_NS = 1_000_000_000
LEARN_NS = 800_000_000
LEAST_LOOKS = 5
SETTLED_NS = 60 * SECOND_NS
"""Time constant of the reference where the picture agrees with it."""
UNSETTLED_NS = 600 * SECOND_NS
"""The same where it does not: what covers the lens must not become the reference."""
PLAIN_NS = 3 * SECOND_NS
"""The same where there is nothing to agree with."""
INFORMATIVE = 500
"""A block says something if its usual agreement, in thousandths, is at least this…"""
FIRM_COUNTS = 2
"""… and, in compressed 8-bit pictures, its coarse edges are this many counts high."""
KEPT_PERCENT = 85
"""Of its usual agreement: the coarse structure of a block is all there."""
LOST_PERCENT = 50
"""Of its usual agreement: the structure of a block is gone…"""
LAYOUT_KEPT = 900
"""Thousandths: the light and dark parts lie as before."""
FAINT = 150
"""… as it is where only this much of its contrast is left, in thousandths."""
SHARP = 255
"""The sharpness of blocks that say nothing about it."""
BLURRING = 85
"""Below this sharpness a block is not learnt from."""
WHITE = 250
"""At and above this an 8-bit pixel is white."""
SATURATED_PERCENT = 80
STRUCTURED_PART = 5
"""A block shows structure if its fine edges have this part of the energy that the reference's blocks have."""
SMOOTH = 1000
"""Fine over coarse energy of a picture without any detail, in thousandths…"""
SHARP_ENOUGH = 3000
"""… and the most that is asked of one with detail."""
STILL_PART = 8
"""The view is still if its coarse edges change by less than this part of their energy between two looks."""


class Layout(NamedTuple):
    """How the light and dark parts of a picture agree with the reference's, and their contrast, in thousandths."""

    kept: int
    contrast: int


class Look(msgspec.Struct, frozen=True, eq=False):
    """One picture against the reference; arrays are (ROWS, COLUMNS).

    informative, lost, white: bool. structured: bool, whether there are fine edges of any kind. sharpness: uint8, the
    fine edges left in percent of the coarse ones, 255 where nothing is known. layout_kept: agreement of the light and
    dark parts with the reference's, in thousandths. still: whether the picture is like the one before.
    """

    informative: np.ndarray
    lost: np.ndarray
    white: np.ndarray
    sharpness: np.ndarray
    structured: np.ndarray
    layout_kept: int
    still: bool


class ViewState(msgspec.Struct, frozen=True, eq=False):
    """A view's memory: a fine and a coarse picture each; `usual` and `noise` by level and block."""

    looks: int
    since_ns: int
    last_ns: int
    reference: tuple[np.ndarray, np.ndarray]
    before: tuple[np.ndarray, np.ndarray]
    usual: np.ndarray
    noise: np.ndarray


class View:
    """The view of one channel. `look` gives None while it learns what is usual."""

    def __init__(self) -> None:
        self._looks = 0
        self._since_ns = 0
        self._last_ns = 0
        self._reference: tuple[np.ndarray, ...] = ()
        self._before: tuple[np.ndarray, ...] = ()
        self._usual = np.zeros((2, ROWS, COLUMNS), np.float32)
        self._noise = np.zeros((2, ROWS, COLUMNS), np.float32)

    def restart(self) -> None:
        """Learn afresh from the next picture on."""
        self._looks = 0

    def look(self, pixels: np.ndarray, captured_ns: int) -> Look | None:
        """Hold a picture, (height, width) uint8 or uint16, against the reference, and learn from it."""
        now = levels(pixels)
        if self._looks == 0 or now[0].shape != self._before[0].shape:
            return self._begin(now, captured_ns)
        interval_ns, self._last_ns = captured_ns - self._last_ns, captured_ns
        sums = [compared(r.astype(np.int32), n, b) for r, n, b in zip(self._reference, now, self._before, strict=True)]
        agreement = np.stack([_agreement(s) for s in sums])
        self._before = now
        self._looks += 1
        if self._looks <= LEAST_LOOKS or captured_ns - self._since_ns < LEARN_NS:
            rates = np.full((ROWS, COLUMNS), np.float32(1) / np.float32(self._looks), np.float32)
            self._learn(now, sums, agreement, rates)
            return None
        look = self._judged(pixels, now, sums, agreement)
        self._learn(now, sums, agreement, self._rates(look, interval_ns))
        return look

    def shift(self) -> tuple[int, int, int, int]:
        """How the picture just looked at is shifted against the reference; see `best_shift`."""
        coarse = self._reference[1].astype(np.int32), self._before[1]
        return best_shift(*(edge_signs(shrunk(picture, 2, 1)) for picture in coarse))

    def state(self) -> ViewState | None:
        """All of it, None where the next picture begins a new view."""
        if self._looks == 0:
            return None
        (fine, coarse), (past_fine, past_coarse) = self._reference, self._before
        return ViewState(
            self._looks,
            self._since_ns,
            self._last_ns,
            (fine, coarse),
            (past_fine, past_coarse),
            self._usual,
            self._noise,
        )

    def restore(self, state: object) -> None:
        """Go on with the view that gave `state`."""
        if state is None:
            return
        kept = as_state(state, ViewState)
        self._looks, self._since_ns, self._last_ns = kept.looks, kept.since_ns, kept.last_ns
        self._reference, self._before = kept.reference, kept.before
        self._usual, self._noise = kept.usual, kept.noise

    def _begin(self, now: tuple[np.ndarray, np.ndarray], captured_ns: int) -> None:
        self._looks, self._since_ns, self._last_ns = 1, captured_ns, captured_ns
        self._reference = tuple(n.astype(np.float32) for n in now)
        self._before = now
        self._usual = np.zeros((2, ROWS, COLUMNS), np.float32)
        self._noise = np.zeros((2, ROWS, COLUMNS), np.float32)

    def _learn(
        self,
        now: tuple[np.ndarray, np.ndarray],
        sums: list[np.ndarray],
        agreement: np.ndarray,
        rates: np.ndarray,
    ) -> None:
        for reference, picture in zip(self._reference, now, strict=True):
            learn(reference, picture, rates)
        self._usual += rates * (agreement.astype(np.float32) - self._usual)
        self._noise += rates * (np.stack([s[..., 3] for s in sums]).astype(np.float32) - self._noise)

    def _rates(self, look: Look, interval_ns: int) -> np.ndarray:
        """How fast each block's reference follows, its usual agreement and its noise."""
        unsettled = look.lost | (look.sharpness < BLURRING)
        plain = ~look.informative
        span_ns = np.where(unsettled, UNSETTLED_NS, np.where(plain, PLAIN_NS, SETTLED_NS))
        rates = np.float32(interval_ns) / span_ns.astype(np.float32)
        youth = np.float32(1) / np.float32(self._looks)
        return np.minimum(np.where(unsettled, rates, np.maximum(rates, youth)), np.float32(0.5))

    def _judged(
        self, pixels: np.ndarray, now: tuple[np.ndarray, np.ndarray], sums: list[np.ndarray], agreement: np.ndarray
    ) -> Look:
        usual = self._usual.astype(np.int64)
        informative = usual[1] >= INFORMATIVE
        if pixels.dtype == np.uint8:
            informative &= sums[1][..., 0] >= self._firm(now[1].shape)
        gained = _thousandths(sums[1][..., 1], sums[1][..., 0])
        faint = gained < FAINT
        white = saturated(pixels, _white(pixels)) >= SATURATED_PERCENT
        gone = agreement[1] * 100 < usual[1] * LOST_PERCENT
        arranged = _arranged(layout(self._reference[1].astype(np.int32)), layout(now[1]))
        still = int(sums[1][..., 3].sum()) * STILL_PART < int(sums[1][..., 2].sum())
        return Look(
            informative=informative,
            lost=informative & (gone | faint | (white & (gained < 500))),
            white=white,
            sharpness=self._sharpness(informative, usual, sums, agreement, arranged),
            structured=self._structured(informative, sums, still),
            layout_kept=arranged.kept,
            still=still,
        )

    def _firm(self, shape: tuple[int, ...]) -> int:
        """The least energy of a block's coarse edges, of both directions, in compressed pictures."""
        pixels = (shape[0] // ROWS) * (shape[1] // COLUMNS)
        return 2 * pixels * (FIRM_COUNTS * UNIT) ** 2

    def _sharpness(
        self, informative: np.ndarray, usual: np.ndarray, sums: list[np.ndarray], agreement: np.ndarray, layout: Layout
    ) -> np.ndarray:
        """What is left of the fine edges, as they fit the reference and in energy, for the contrast there is.

        The contrast is that of the layout where it is kept, or else that of the coarse edges where they are.
        """
        fine, coarse = sums
        kept = agreement[1] * 100 >= usual[1] * KEPT_PERCENT
        contrast = _thousandths(coarse[..., 1], coarse[..., 0])
        if layout.kept >= LAYOUT_KEPT:
            kept, contrast = np.ones_like(kept), np.full_like(contrast, layout.contrast)
        fit = _percent_of(_thousandths(fine[..., 1], fine[..., 0]), contrast)
        energy = _percent_of(self._left(fine, 0), contrast * contrast // 1000)
        left = np.minimum(np.maximum(fit, energy), SHARP)
        return np.where(informative & (usual[0] >= INFORMATIVE) & kept, left, SHARP).astype(np.uint8)

    def _left(self, sums: np.ndarray, level: int) -> np.ndarray:
        """The picture's energy without noise, in thousandths of the reference's."""
        return _thousandths(self._own(sums, level, still=False), sums[..., 0])

    def _structured(self, informative: np.ndarray, sums: list[np.ndarray], still: bool) -> np.ndarray:
        """Where there are edges beyond noise, and as sharp as the reference's: what is near the lens has none."""
        if not informative.any():
            return np.zeros(informative.shape, np.bool_)
        own = [self._own(s, level, still) for level, s in enumerate(sums)]
        enough = own[0] * STRUCTURED_PART >= _middle(sums[0][..., 0][informative])
        usual = _middle(_thousandths(sums[0][..., 0], sums[1][..., 0])[informative])
        sharp = min(SMOOTH + max(0, usual - SMOOTH) // 2, SHARP_ENOUGH)
        return enough & (_thousandths(own[0], own[1]) >= sharp)

    def _own(self, sums: np.ndarray, level: int, still: bool) -> np.ndarray:
        """The energy of the picture's edges without noise: what is usual, and what changes in a view that is still."""
        noise = self._noise[level].astype(np.int64)
        return np.maximum(0, sums[..., 2] - (np.maximum(noise, sums[..., 3]) if still else noise))


def _middle(values: np.ndarray) -> int:
    """The upper median of a vector."""
    return int(np.partition(values, values.size // 2)[values.size // 2])


def _white(pixels: np.ndarray) -> int:
    """The level of a blinded sensor: white in 8 bits; in 16 the highest value there is, which noise never repeats."""
    return WHITE if pixels.dtype == np.uint8 else int(pixels.max())


def _agreement(sums: np.ndarray) -> np.ndarray:
    """The normalised correlation of the gradients in thousandths, int64."""
    size = np.sqrt(sums[..., 0].astype(np.float64) * sums[..., 2].astype(np.float64))
    return (1000.0 * sums[..., 1].astype(np.float64) / np.maximum(size, 1.0)).astype(np.int64)


def _thousandths(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return (1000.0 * part.astype(np.float64) / np.maximum(whole, 1).astype(np.float64)).astype(np.int64)


def _percent_of(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return 100 * np.maximum(part, 0) // np.maximum(whole, 1)


def _arranged(reference: np.ndarray, picture: np.ndarray) -> Layout:
    """The differences between neighbouring blocks, held against the reference's."""
    squared = shared = own = 0
    for axis in (0, 1):
        expected, found = np.diff(reference, axis=axis), np.diff(picture, axis=axis)
        squared += int((expected * expected).sum())
        shared += int((expected * found).sum())
        own += int((found * found).sum())
    size = np.sqrt(np.float64(squared) * np.float64(own))
    return Layout(int(1000.0 * shared / size) if size > 0.0 else 0, 1000 * shared // max(1, squared))
