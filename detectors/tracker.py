"""Following targets over frames: predict, gate, assign, update, begin, end."""

from collections.abc import Callable

import msgspec

from detectors.assignment import assign
from detectors.classification import vote
from detectors.gating import costs_of
from detectors.merged import see_merged
from detectors.scene_modes import SECOND_NS, SceneParameters
from detectors.segmentation import Blob
from detectors.track import Track, new_track
from kernel.site.model import ChannelKind, Perspective
from kernel.state import as_state

MERGED_SIZES = 1.4
"""A blob this many times as large as the target it continues may hold another one too."""
GAPS_ONE_IN = 4
"""Before it counts, a target may be missed once for so many sightings."""
MAX_TRACKS = 200
TENTATIVE_MISSES = 2


class TrackerState(msgspec.Struct, frozen=True):
    """The tracks in the order in which they began, and when they were last followed."""

    last_ns: int | None
    tracks: list[Track]


class Tracker:
    """The tracks of one pipeline. `next_id` gives numbers that are unique over the channel."""

    def __init__(
        self,
        parameters: SceneParameters,
        kind: ChannelKind,
        next_id: Callable[[], int],
        perspective: Perspective | None = None,
    ) -> None:
        self._kind: ChannelKind = kind
        self._perspective = perspective
        self._parameters = parameters
        self._next_id = next_id
        self._tracks: list[Track] = []
        self._last_ns: int | None = None

    @property
    def confirmed(self) -> list[Track]:
        """The tracks that count as targets, in the order of their numbers."""
        return sorted((t for t in self._tracks if t.id), key=lambda t: t.id)

    def follow(
        self, blobs: tuple[Blob, ...], captured_ns: int, frame_size: tuple[int, int], around: tuple[Blob, ...] = ()
    ) -> tuple[list[Track], list[Track]]:
        """Fold the blobs of a frame in; `frame_size` is (width, height). Gives the tracks confirmed and ended now.

        `around` are larger blobs in which targets may be hidden that none of `blobs` shows.
        """
        dt = 0.0 if self._last_ns is None else (captured_ns - self._last_ns) / SECOND_NS
        self._last_ns = captured_ns
        for track in self._tracks:
            track.predict(dt)
        self._match(blobs, captured_ns, around)
        for track in self._tracks:
            if track.seen:
                vote(track, frame_size, self._kind, self._parameters.small_is_human, self._perspective)
        ended = self._end(captured_ns, frame_size)
        return self._confirm(frame_size[0]), ended

    def expected(self, captured_ns: int) -> tuple[Blob, ...]:
        """Where the confirmed targets should be in a frame captured then."""
        dt = 0.0 if self._last_ns is None else (captured_ns - self._last_ns) / SECOND_NS
        return tuple(_expected(track, dt) for track in self._tracks if track.id)

    def wait(self, captured_ns: int) -> list[Track]:
        """Time passes while nothing can be seen: tracks coast, and end when they have coasted too long."""
        self._last_ns = captured_ns
        for track in self._tracks:
            track.miss()
        return self._end(captured_ns, None)

    def end_all(self) -> list[Track]:
        """Give up every track; returns the confirmed ones."""
        ended, self._tracks = self.confirmed, []
        return ended

    @property
    def idle(self) -> bool:
        """Whether nothing is followed: a frame without blobs then changes nothing but the time of the last frame."""
        return not self._tracks

    def pass_over(self, captured_ns: int) -> None:
        """Frames without blobs went by while this was idle, the last of them captured at `captured_ns`."""
        self._last_ns = captured_ns

    def state(self) -> "TrackerState":
        """All tracks."""
        return TrackerState(self._last_ns, self._tracks)

    def restore(self, state: object) -> None:
        """Go on with the tracks that `state` gave."""
        kept = as_state(state, TrackerState)
        self._last_ns, self._tracks = kept.last_ns, kept.tracks

    def _match(self, blobs: tuple[Blob, ...], captured_ns: int, around: tuple[Blob, ...]) -> None:
        pairs = assign(costs_of(self._tracks, blobs))
        taken = {column for _, column in pairs}
        matched = {row for row, _ in pairs}
        for row, column in pairs:
            hidden = self._hidden_in(blobs[column], self._tracks[row], matched)
            if hidden:
                matched.update(hidden)
                see_merged([self._tracks[together] for together in (row, *hidden)], blobs[column], captured_ns)
            else:
                self._tracks[row].see(blobs[column], captured_ns)
        for row, track in enumerate(self._tracks):
            if row in matched:
                continue
            if track.id and any(_holds(blob, track) for blob in around):
                track.hold(captured_ns)
            else:
                track.miss()
        covered = [t for row, t in enumerate(self._tracks) if row in matched]
        for column, blob in enumerate(blobs):
            if column in taken or len(self._tracks) >= MAX_TRACKS or any(_covers(t, blob) for t in covered):
                continue
            self._tracks.append(new_track(blob, captured_ns))

    def _hidden_in(self, blob: Blob, owner: Track, matched: set[int]) -> list[int]:
        """The other targets that have merged into this blob: it is much larger than its owner, and they are in it."""
        if blob.width * blob.height <= MERGED_SIZES * owner.width * owner.height:
            return []
        others = [(row, t) for row, t in enumerate(self._tracks) if row not in matched and t.id and t is not owner]
        return [row for row, t in others if _holds(blob, t)]

    def _confirm(self, frame_width: int) -> list[Track]:
        fresh = [t for t in self._tracks if not t.id and t.seen and self._counts(t, frame_width)]
        for track in fresh:
            track.id = self._next_id()
        return fresh

    def _counts(self, track: Track, frame_width: int) -> bool:
        """Seen often and long enough, with few gaps, and come far enough on a straight enough way for this mode."""
        p = self._parameters
        return (
            track.sightings >= p.confirm_sightings
            and track.last_seen_ns - track.first_seen_ns >= p.confirm_ns
            and track.gaps * GAPS_ONE_IN <= track.sightings
            and track.advance * 100 >= min(track.width, track.height) * p.min_travel_percent
            and track.reach * 100 >= frame_width * p.min_reach_percent
            and track.reach * 100 >= track.path * p.min_straight_percent
        )

    def _end(self, captured_ns: int, frame_size: tuple[int, int] | None) -> list[Track]:
        ended: list[Track] = []
        staying: list[Track] = []
        for track in self._tracks:
            if self._is_over(track, captured_ns, frame_size):
                if track.id:
                    ended.append(track)
            else:
                staying.append(track)
        self._tracks = staying
        return sorted(ended, key=lambda t: t.id)

    def _is_over(self, track: Track, captured_ns: int, frame_size: tuple[int, int] | None) -> bool:
        if track.seen:
            return False
        if not track.id:
            return track.misses > TENTATIVE_MISSES
        if frame_size is not None and _outside(track, frame_size):
            return True
        return captured_ns - track.last_seen_ns > self._parameters.coast_ns


def _expected(track: Track, dt: float) -> Blob:
    """The target's box `dt` seconds on, in whole pixels."""
    left = int(track.x.position + dt * track.x.velocity - track.width / 2)
    top = int(track.y.position + dt * track.y.velocity - track.height / 2)
    width, height = max(1, int(track.width)), max(1, int(track.height))
    return Blob(left, top, left + width, top + height, width * height, track.score)


def _holds(blob: Blob, track: Track) -> bool:
    """Whether the target is expected inside the blob, and makes up a good part of it."""
    inside = blob.x0 <= track.x.position <= blob.x1 and blob.y0 <= track.y.position <= blob.y1
    return inside and track.width * track.height * 8 >= blob.width * blob.height


def _covers(track: Track, blob: Blob) -> bool:
    """Whether the blob is but a part of the track's target: its centre lies in the box, with a margin."""
    across = abs((blob.x0 + blob.x1) / 2 - track.x.position)
    along = abs((blob.y0 + blob.y1) / 2 - track.y.position)
    return across <= 0.75 * track.width and along <= 0.75 * track.height


def _outside(track: Track, frame_size: tuple[int, int]) -> bool:
    width, height = frame_size
    return not (0 <= track.x.position <= width and 0 <= track.y.position <= height)
