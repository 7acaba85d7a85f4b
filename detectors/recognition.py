"""What a model, running beside the fold, says of the targets, and the hits that wait for its word.

The model's findings come as facts some frames after the picture they are of. So the boxes of the last targets are
kept for a while, and what was found is given to the target whose box it covered best.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from detectors.behind import Behind, BehindState
from detectors.measuring import FoundBox
from detectors.rules.gates import passes
from detectors.target import Target
from kernel.detector import RuleHit
from kernel.events import Box, ObjectsRecognised, RecognisedObject
from kernel.site.model import Recogniser, Rule, TargetName
from kernel.state import as_state

MILLION = 1_000_000
KEPT_NS = 5_000_000_000
KEPT_FRAMES = 256
"""A finding on a picture that lies further back comes too late."""
EDGE = 4000
"""This near to a part's edge, in millionths of the frame, an object is taken to go on behind it."""
UNSURE_ONE_IN = 2
"""What reaches this part of the confidence may continue a target."""
SHARED_PERCENT = 30
"""An object is a target if their boxes share this much of what they cover together…"""
WITHIN_PERCENT = 80
"""… or if this much of the smaller one lies in the other: of a target often only a part stands out."""


class Finding(NamedTuple):
    """A model takes a track for a `target`; `confidence` in millionths."""

    track: int
    target: TargetName
    confidence: int


class Held(msgspec.Struct, frozen=True):
    """A hit that waits for a model's word on its target until session time `due_ns`."""

    hit: RuleHit
    due_ns: int


class RecognitionState(msgspec.Struct, frozen=True):
    """Where the targets were lately, frame by frame, which of them the model has looked at, and what waits for it:
    hits, and frames."""

    frames: list[tuple[int, dict[int, Box]]]
    looked_at: list[int]
    held: list[Held]
    behind: BehindState


class Recognition:
    """Of one channel; without a recogniser it remembers nothing and lets every hit pass."""

    def __init__(self, recogniser: Recogniser | None) -> None:
        self._frames: list[tuple[int, dict[int, Box]]] = []
        self._looked_at: dict[int, None] = {}
        self._held: list[Held] = []
        self.behind = Behind()
        self.configure(recogniser)

    def configure(self, recogniser: Recogniser | None) -> None:
        """Take over settings; what waits goes on waiting, unless there is nothing more to wait for."""
        self._recogniser = recogniser if recogniser is not None and recogniser.enabled else None
        self._classes: dict[int, TargetName] = {} if self._recogniser is None else dict(self._recogniser.classes)
        if self._recogniser is None:
            self._frames, self._looked_at = [], {}

    @property
    def tracking(self) -> bool:
        """Whether the model takes part in following targets."""
        return self._recogniser is not None and self._recogniser.follows

    @property
    def wait_ns(self) -> int:
        """How long the model is waited for."""
        return 0 if self._recogniser is None else self._recogniser.wait_ns

    def is_of_it(self, found: ObjectsRecognised) -> bool:
        """Whether the channel's own model found it."""
        return self._recogniser is not None and found.model == self._recogniser.model

    def boxes(self, answers: Sequence[ObjectsRecognised], frame_size: tuple[int, int]) -> list[FoundBox]:
        """What counts of what was found in a frame, as boxes in its pixels; `frame_size` is (width, height).

        What falls short of the confidence by no more than half is unsure.
        """
        width, height = frame_size
        sure = 0 if self._recogniser is None else self._recogniser.confidence
        known = [o for o in _whole_objects(answers) if o.kind in self._classes]
        found = [o for o in known if o.confidence * UNSURE_ONE_IN >= sure]
        boxes: list[FoundBox] = []
        for one in found:
            x, y, wide, high = one.box
            x0, y0 = x * width // MILLION, y * height // MILLION
            x1, y1 = -(-(x + wide) * width // MILLION), -(-(y + high) * height // MILLION)
            boxes.append(FoundBox(x0, y0, x1, y1, one.confidence, one.confidence >= sure))
        return boxes

    def _counts(self, one: RecognisedObject) -> bool:
        assert self._recogniser is not None
        return one.kind in self._classes and one.confidence >= self._recogniser.confidence

    def note(self, captured_ns: int, boxes: Mapping[int, Box]) -> None:
        """Remember where the targets of a frame are."""
        if self._recogniser is None:
            return
        self._looked_at = {track: None for track in self._looked_at if track in boxes}
        self._frames.append((captured_ns, dict(boxes)))
        while len(self._frames) > KEPT_FRAMES or captured_ns - self._frames[0][0] > KEPT_NS:
            del self._frames[0]

    def findings(self, captured_ns: int, found: ObjectsRecognised) -> Iterator[Finding]:
        """What was found of each target that was in the part of the frame that the model looked at."""
        if not self.is_of_it(found):
            return
        frame = next((boxes for at_ns, boxes in reversed(self._frames) if at_ns == captured_ns), {})
        objects = [o for o in found.objects if self._counts(o)]
        for track, box in frame.items():
            if _overlap(box, found.box) * 2 < _area(box):
                continue
            self._looked_at[track] = None
            best = max(objects, key=lambda o: _likeness(box, o), default=None)
            if best is not None and _is_same(box, best.box):
                yield Finding(track, self._classes[best.kind], best.confidence)

    def released(
        self,
        hits: tuple[RuleHit, ...],
        rules: tuple[Rule, ...],
        seen: Mapping[str, tuple[Target, ...]],
        captured_ns: int,
        armed: Mapping[str, int],
    ) -> tuple[RuleHit, ...]:
        """The hits that count now: those that need not wait, after those that have waited long enough.

        A hit waits for the model's word on its target; when that has come the hit counts if the target passes the
        rule's gates as what it is taken for now. Without the word it counts as it was: when its time is up, or the
        target is not seen any more. `seen` are the targets as each rule sees them.
        """
        wait_ns = self.wait_ns
        if not self._held and (wait_ns == 0 or not hits):
            return hits
        by_id = {rule.id: rule for rule in rules if rule.id in armed}
        waiting, self._held = self._held, []
        out: list[RuleHit] = []
        for held in waiting:
            if held.hit.rule in by_id:
                target = next((t for t in seen.get(held.hit.rule, ()) if t.track == held.hit.track), None)
                out += self._settled(held, by_id[held.hit.rule], target, captured_ns)
        for hit in hits:
            if wait_ns == 0 or hit.track in self._looked_at:
                out.append(hit)
            else:
                self._held.append(Held(hit, captured_ns + wait_ns))
        return tuple(out)

    def _settled(self, held: Held, rule: Rule, target: Target | None, captured_ns: int) -> list[RuleHit]:
        """The hit if it counts now; it goes on waiting if nothing is known yet."""
        if target is not None and held.hit.track in self._looked_at:
            known = msgspec.structs.replace(held.hit, target=target.target, box=target.box)
            return [known] if passes(rule, target) else []
        if self._recogniser is None or target is None or not target.seen or captured_ns >= held.due_ns:
            return [held.hit]
        self._held.append(held)
        return []

    def state(self) -> RecognitionState | None:
        """All of it; None where there is nothing to remember."""
        if self._recogniser is None and not self._held:
            return None
        return RecognitionState(self._frames, list(self._looked_at), self._held, self.behind.state())

    def restore(self, state: object) -> None:
        """Go on with what `state` gave."""
        if state is not None:
            kept = as_state(state, RecognitionState)
            self._frames, self._held = kept.frames, kept.held
            self._looked_at = dict.fromkeys(kept.looked_at)
            self.behind.restore(kept.behind)


def _whole_objects(answers: Sequence[ObjectsRecognised]) -> list[RecognisedObject]:
    """What was found, but for what the edge of the part that was looked at cuts off, unless it is the frame's edge."""
    return [found for answer in answers for found in answer.objects if not _is_cut(found.box, answer.box)]


def _is_cut(box: Box, part: Box) -> bool:
    for side in (0, 1):
        begin, end = part[side], part[side] + part[side + 2]
        cut_before = begin > 0 and box[side] <= begin + EDGE
        cut_behind = end < MILLION - EDGE and box[side] + box[side + 2] >= end - EDGE
        if cut_before or cut_behind:
            return True
    return False


def _area(box: Box) -> int:
    return box[2] * box[3]


def _overlap(one: Box, other: Box) -> int:
    """The area that two boxes share."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0


def _likeness(box: Box, found: RecognisedObject) -> tuple[int, int]:
    """How much of what both cover they share, in thousandths, then the confidence."""
    shared = _overlap(box, found.box)
    return shared * 1000 // max(1, _area(box) + _area(found.box) - shared), found.confidence


def _is_same(box: Box, found: Box) -> bool:
    shared = _overlap(box, found)
    together = _area(box) + _area(found) - shared
    return shared * 100 >= together * SHARED_PERCENT or shared * 100 >= min(_area(box), _area(found)) * WITHIN_PERCENT
