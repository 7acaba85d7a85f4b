"""What a model's findings do in the fold: evidence of a class, and hits that wait for it. No runtime is needed."""

import msgspec
import pytest

from detectors.detector import ChannelDetector, DetectorState
from kernel.detector import Frame, RuleHit
from kernel.events import Box, ObjectsRecognised, RecognisedObject, TrackUpdated
from kernel.site.model import Recogniser
from kernel.site.reader import read_site
from kernel.state import decode_state, encode_state
from support.recordings import walk
from support.sites import whole_frame

FRAME_NS = 111_000_000
WHOLE = (0, 0, 1_000_000, 1_000_000)
FRAMES = walk(70)
LOOKED = 30
"""The frame that the model looks at; its findings come three frames later."""


def recogniser(wait_ns: int = 0, confidence: int = 500_000) -> Recogniser:
    return Recogniser(True, "m.onnx", ((0, "human"), (2, "vehicle")), confidence, wait_ns, tracking=False)


class Told:
    """A detector with a recogniser, folding the walk; `say` is handed to it once, `late` frames after `LOOKED`."""

    def __init__(self, settings: Recogniser | None, targets: str = '["human", "vehicle", "animal", "other"]') -> None:
        site = read_site(
            whole_frame(targets=targets).replace('targets = ["human", "vehicle", "animal", "other"]\n', "", 1)
        )
        channel = msgspec.structs.replace(site.channels[0], recogniser=settings)
        self.detector = ChannelDetector(channel, site.rules)
        self.box: Box = WHOLE
        self.classes: list[tuple[int, str, int]] = []
        self.hits: list[tuple[int, RuleHit]] = []

    def fold(
        self, say: ObjectsRecognised | None = None, kind: int = 2, late: int = 3, last: int = len(FRAMES)
    ) -> "Told":
        for number, pixels in enumerate(FRAMES[:last]):
            percept = self.detector.perceive(Frame(number, number * FRAME_NS, pixels))
            self.classes += [(number, e.target, e.confidence) for e in percept.events if isinstance(e, TrackUpdated)]
            self.hits += [(number, hit) for hit in self.detector.judge(number * FRAME_NS, {"all": 0})]
            if number == LOOKED:
                self.box = next(iter(percept.boxes.values()))
            if number == LOOKED + late:
                found = said(kind, box=self.box) if say is None else say
                self.detector.recognise(found.captured_ns, found)
        return self


def said(
    kind: int, confidence: int = 800_000, box: Box = WHOLE, part: Box = WHOLE, model: str = "m.onnx"
) -> ObjectsRecognised:
    return ObjectsRecognised(LOOKED * FRAME_NS, part, model, "digest", (RecognisedObject(kind, confidence, box),))


def test_an_upright_walker_is_human_by_its_shape_and_what_the_model_says_once_it_has() -> None:
    classes = Told(recogniser()).fold(kind=2).classes
    assert [target for _, target, _ in classes] == ["human", "vehicle"]
    assert classes[1][::2] == (LOOKED + 4, 1_000_000)


@pytest.mark.parametrize(
    "found",
    [
        said(2, 499_999, (300_000, 400_000, 90_000, 260_000)),
        said(7),
        said(2, box=(0, 0, 30_000, 30_000)),
        said(2, model="other.onnx"),
        said(2, part=(0, 0, 10_000, 10_000)),
    ],
    ids=["too unsure", "a class without a meaning", "elsewhere", "of another model", "looked elsewhere"],
)
def test_what_is_no_evidence_changes_nothing(found: ObjectsRecognised) -> None:
    assert [target for _, target, _ in Told(recogniser()).fold(found).classes] == ["human"]


def test_without_a_recogniser_recorded_findings_are_passed_over() -> None:
    with_none, told = Told(None).fold(), Told(None).fold(kind=0)
    assert with_none.classes == told.classes
    assert encode_state(with_none.detector.state()) == encode_state(told.detector.state())


def test_a_finding_that_comes_too_late_is_passed_over() -> None:
    old = said(2)
    late = msgspec.structs.replace(old, captured_ns=-10 * FRAME_NS)
    assert [target for _, target, _ in Told(recogniser()).fold(late).classes] == ["human"]


def test_a_hit_waits_for_the_models_word_and_tells_what_the_target_is_then() -> None:
    ((at_once, plain),) = Told(recogniser()).fold(kind=2).hits
    ((waited, known),) = Told(recogniser(wait_ns=5_000_000_000)).fold(kind=2).hits
    assert at_once < LOOKED and plain.target in ("unknown", "human")
    assert (waited, known.target) == (LOOKED + 4, "vehicle")
    assert known.box != plain.box


def test_a_hit_on_what_the_model_takes_for_something_else_is_none() -> None:
    assert len(Told(recogniser(), '["human"]').fold(kind=2).hits) == 1
    assert Told(recogniser(wait_ns=5_000_000_000), '["human"]').fold(kind=2).hits == []


def test_without_a_word_a_hit_counts_when_its_time_is_up() -> None:
    ((at_once, _),) = Told(recogniser()).fold(said(2, model="other.onnx")).hits
    ((waited, hit),) = Told(recogniser(wait_ns=1_000_000_000)).fold(said(2, model="other.onnx")).hits
    assert (waited - at_once - 1) * FRAME_NS < 1_000_000_000 <= (waited - at_once) * FRAME_NS
    assert hit.target in ("unknown", "human")


def test_a_hit_counts_at_once_when_its_target_is_out_of_sight() -> None:
    gone = Told(recogniser(wait_ns=5_000_000_000))
    empty = walk(20, enters=20)
    gone.fold(last=29)
    assert gone.hits == []
    gone.detector.perceive(Frame(29, 29 * FRAME_NS, empty[0]))
    assert len(gone.detector.judge(29 * FRAME_NS, {"all": 0})) == 1


def test_a_rule_disarmed_meanwhile_has_no_hit() -> None:
    told = Told(recogniser(wait_ns=1_000_000_000)).fold(last=LOOKED - 3)
    assert told.hits == []
    for number, armed in enumerate(({}, {"all": 0}, {"all": 0}), LOOKED - 3):
        told.detector.perceive(Frame(number + 20, (number + 20) * FRAME_NS, FRAMES[number]))
        assert told.detector.judge((number + 20) * FRAME_NS, armed) == ()


def test_what_waits_is_part_of_the_state_and_goes_on_after_a_restore() -> None:
    site = read_site(whole_frame())
    channel = msgspec.structs.replace(site.channels[0], recogniser=recogniser(wait_ns=5_000_000_000))
    first = Told(recogniser(wait_ns=5_000_000_000)).fold(last=LOOKED).detector
    kept = encode_state(first.state())
    second = ChannelDetector(channel, site.rules)
    second.restore(decode_state(kept, DetectorState))
    assert encode_state(second.state()) == kept
    frame = Frame(LOOKED, LOOKED * FRAME_NS, FRAMES[0])
    for detector in (first, second):
        detector.perceive(frame)
    hits = [detector.judge(frame.captured_ns, {"all": 0}) for detector in (first, second)]
    assert hits[0] == hits[1] != ()
