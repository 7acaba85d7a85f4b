"""One target followed over frames: a Kalman filter for its centre, a smoothed box, and what it has shown of itself."""

import msgspec

from detectors.kalman import Estimate, begin, predict, update
from detectors.segmentation import Blob
from kernel.events import Box, TargetClass

MILLION = 1_000_000
SECOND_NS = 1_000_000_000
POSITION_VAR = 4.0
"""px²; of a blob's centre as a measurement of the target's, at least."""
SHARE_VAR = 0.01
"""Of the squares of its sides: a blob is off by 10 % of them…"""
WHOLE_SHARE_VAR = 0.0025
"""… and a model's box by 5 %."""
SIDES_VAR = 2.0
"""How much larger the variance is where only one side of the target shows."""
VELOCITY_VAR = 900.0
"""(px/s)²; of a target not seen before."""
ACCELERATION_VAR = 400.0
"""(px/s²)²; people and animals turn and stop within a second."""


class Track(msgspec.Struct):
    """A target. Lengths in source pixels, times in session time (ns); `id` is 0 until it is confirmed.

    `misses` counts the frames since it was last seen, `gaps` all frames in which it was not. `votes` are those of its
    geometry by class, `evidence` the sum of a recogniser's confidences by class, in millionths; empty without one.

    `reach` is how far its centre has come from where it began, `advance` how far the side that leads. A target that
    comes into view grows while its other side stays with what hides it: the centre goes only half the way.
    """

    x: Estimate
    y: Estimate
    width: float
    height: float
    first_seen_ns: int
    last_seen_ns: int
    score: int
    begin_x: float
    begin_y: float
    begin_width: float
    begin_height: float
    id: int = 0
    sightings: int = 1
    misses: int = 0
    gaps: int = 0
    seen: bool = True
    path: float = 0.0
    reach: float = 0.0
    advance: float = 0.0
    target: TargetClass = "unknown"
    votes: list[int] = []
    evidence: list[int] = []
    last_x: float = 0.0
    last_y: float = 0.0

    def predict(self, dt: float) -> None:
        """Move on by `dt` seconds."""
        self.x = predict(self.x, dt, ACCELERATION_VAR)
        self.y = predict(self.y, dt, ACCELERATION_VAR)

    def see(self, blob: Blob, captured_ns: int) -> None:
        """Take in the blob that continues it."""
        centre_x, centre_y = (blob.x0 + blob.x1) / 2, (blob.y0 + blob.y1) / 2
        share = WHOLE_SHARE_VAR if blob.whole else SHARE_VAR
        variance = POSITION_VAR + share * (blob.width * blob.width + blob.height * blob.height)
        self.x, self.y = update(self.x, centre_x, variance), update(self.y, centre_y, variance)
        self.width += 0.5 * (blob.width - self.width)
        self.height += 0.5 * (blob.height - self.height)
        self._travel()
        self.last_seen_ns = captured_ns
        self.score = blob.score
        self.sightings += 1
        self.misses = 0
        self.seen = True

    def see_sides(self, x: float | None, y: float | None, captured_ns: int) -> None:
        """Take in where one of its sides, merged with another target, puts its centre; None where none shows."""
        variance = SIDES_VAR * (POSITION_VAR + SHARE_VAR * (self.width * self.width + self.height * self.height))
        self.x = self.x if x is None else update(self.x, x, variance)
        self.y = self.y if y is None else update(self.y, y, variance)
        self.hold(captured_ns)

    def hold(self, captured_ns: int) -> None:
        """It is there, though nothing measures it: it goes on as expected."""
        self.last_seen_ns = captured_ns
        self.misses = 0
        self.seen = True
        self._travel()

    def miss(self) -> None:
        """It was not found in this frame."""
        self.misses += 1
        self.gaps += 1
        self.seen = False

    def _travel(self) -> None:
        step_x, step_y = self.x.position - self.last_x, self.y.position - self.last_y
        self.last_x, self.last_y = self.x.position, self.y.position
        self.path += _length(step_x, step_y)
        across, along = abs(self.last_x - self.begin_x), abs(self.last_y - self.begin_y)
        self.reach = max(self.reach, _length(across, along))
        wider, taller = abs(self.width - self.begin_width) / 2, abs(self.height - self.begin_height) / 2
        self.advance = max(self.advance, _length(across + min(across, wider), along + min(along, taller)))

    def box(self, frame_width: int, frame_height: int) -> Box:
        """The box in millionths of the frame, within the frame."""
        x0 = min(max(self.x.position - self.width / 2, 0.0), frame_width - 1.0)
        y0 = min(max(self.y.position - self.height / 2, 0.0), frame_height - 1.0)
        x1 = max(min(self.x.position + self.width / 2, float(frame_width)), x0 + 1.0)
        y1 = max(min(self.y.position + self.height / 2, float(frame_height)), y0 + 1.0)
        left, top = int(x0 * MILLION / frame_width), int(y0 * MILLION / frame_height)
        right, bottom = int(x1 * MILLION / frame_width), int(y1 * MILLION / frame_height)
        return left, top, right - left, bottom - top


def new_track(blob: Blob, captured_ns: int) -> Track:
    """A track that begins with this blob."""
    centre_x, centre_y = (blob.x0 + blob.x1) / 2, (blob.y0 + blob.y1) / 2
    return Track(
        x=begin(centre_x, POSITION_VAR, VELOCITY_VAR),
        y=begin(centre_y, POSITION_VAR, VELOCITY_VAR),
        width=float(blob.width),
        height=float(blob.height),
        first_seen_ns=captured_ns,
        last_seen_ns=captured_ns,
        score=blob.score,
        begin_x=centre_x,
        begin_y=centre_y,
        begin_width=float(blob.width),
        begin_height=float(blob.height),
        last_x=centre_x,
        last_y=centre_y,
        votes=[0, 0, 0, 0],
    )


def _length(x: float, y: float) -> float:
    """Of the longer component plus 3/8 of the shorter: within 7 % of the Euclidean length, and exact everywhere."""
    x, y = abs(x), abs(y)
    return max(x, y) + 0.375 * min(x, y)
