"""How long a frame waits for a model, and two people who are told apart by one: a real network, made on the spot."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from detectors.behind import Behind
from detectors.detector import ChannelDetector, DetectorState
from detectors.recogniser.model import Model
from detectors.sight import Sighting
from kernel.detector import Frame, Settled
from kernel.events import Box, LookRequested, ObjectsRecognised
from kernel.site.model import Recogniser
from kernel.site.reader import read_site
from kernel.state import decode_state, encode_state
from support.models import HEADS_SIZE, PERSON, heads
from support.sites import whole_frame
from support.two_people import FRAME_NS, FRAMES, TURN, places, two_people

WAIT_NS = 500_000_000
PART = (100_000, 100_000, 200_000, 200_000)
OTHER = (600_000, 100_000, 200_000, 200_000)


def answer(number: int, part: Box = PART) -> tuple[int, ObjectsRecognised]:
    return number * FRAME_NS, ObjectsRecognised(number * FRAME_NS, part, "m.onnx", "digest", ())


def behind(frames: int, asked: tuple[Box, ...] = (PART,)) -> Behind:
    it = Behind()
    for number in range(frames):
        it.add(Sighting(number, number * FRAME_NS, ()), asked)
    return it


def released(it: Behind, at_once: bool = False) -> list[int]:
    found: list[int] = []
    while (one := it.next(WAIT_NS, at_once)) is not None:
        found.append(one.sighting.number)
    return found


def test_a_frame_waits_until_every_part_asked_for_is_answered() -> None:
    it = behind(1, (PART, OTHER))
    assert it.answer(*answer(0)) and released(it) == []
    assert it.answer(*answer(0, OTHER)) and released(it) == [0]
    assert not it.answer(*answer(0))


def test_a_frame_in_which_nothing_is_to_be_looked_at_waits_only_for_those_before_it() -> None:
    assert released(behind(3, ())) == [0, 1, 2]
    it = behind(1)
    it.add(Sighting(1, FRAME_NS, ()), ())
    assert released(it) == []
    it.answer(*answer(0))
    assert released(it) == [0, 1]


def test_an_answer_for_a_later_frame_says_that_the_model_passed_those_before_it_over() -> None:
    it = behind(4)
    it.answer(*answer(2))
    assert released(it) == [0, 1, 2] and it.numbers == (3,)


def test_a_frame_waits_no_longer_than_allowed_and_then_none_does_until_the_model_answers_again() -> None:
    it = behind(5)
    assert released(it) == []
    it.add(Sighting(5, 5 * FRAME_NS, ()), (PART,))
    assert released(it) == [0, 1, 2, 3, 4, 5]
    it.add(Sighting(6, 6 * FRAME_NS, ()), (PART,))
    assert released(it) == [6]
    it.answer(*answer(6))
    it.add(Sighting(7, 7 * FRAME_NS, ()), (PART,))
    assert released(it) == []
    assert released(it, at_once=True) == [7]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(settings(str(heads(tmp_path_factory.mktemp("model") / "heads.onnx"))), Path())


def settings(model: str) -> Recogniser:
    return Recogniser(True, model, ((0, "human"),), 500_000, WAIT_NS, True)


def detector(model: Model | None) -> ChannelDetector:
    site = read_site(whole_frame(kind="optical"))
    recogniser = None if model is None else settings(model.name)
    return ChannelDetector(msgspec.structs.replace(site.channels[0], recogniser=recogniser), site.rules)


def fold(it: ChannelDetector, model: Model | None, frames: range, late: int = 0, stay: bool = False) -> list[Settled]:
    """What the frames showed; each answer of the model comes `late` frames after its frame."""
    out: list[Settled] = []
    answers: list[tuple[int, ObjectsRecognised]] = []
    pictures = two_people(stay)
    for number in frames:
        frame = Frame(number, number * FRAME_NS, pictures[number])
        percept = it.perceive(frame)
        parts = [part for body in percept.events if isinstance(body, LookRequested) for part in body.parts]
        if model is not None and parts:
            answers += [(number + late, found) for found in model.look(frame.pixels, frame.captured_ns, parts)]
        if percept.followed:
            out.append(Settled(number, frame.captured_ns, percept))
        for found in [found for due, found in answers if due <= number]:
            it.recognise(found.captured_ns, found)
        answers = [(due, found) for due, found in answers if due > number]
        out += _settled(it)
    return out


def _settled(it: ChannelDetector) -> Iterator[Settled]:
    while (one := it.settled()) is not None:
        yield one


def who(shown: Settled, stay: bool = False) -> dict[int, str]:
    """Which of the two each target is: the one whose place its box shares most of."""
    left, _ = places(min(shown.number, TURN) if stay else shown.number)
    found: dict[int, str] = {}
    for track, box in shown.percept.boxes.items():
        centre = (box[0] + box[2] / 2) * HEADS_SIZE[0] / 1e6
        found[track] = "left" if centre < left + PERSON[0] else "right"
    return found


def test_two_who_meet_and_turn_back_keep_their_numbers_with_a_model_and_change_them_without(model: Model) -> None:
    shown = [one for one in fold(detector(model), model, range(FRAMES), late=2) if one.number >= 25]
    assert {tuple(who(one).items()) for one in shown} == {((1, "left"), (2, "right"))}
    without = fold(detector(None), None, range(FRAMES))
    assert who(without[30]) == {1: "left", 2: "right"} and who(without[80]) == {1: "right", 2: "left"}


def test_two_who_stand_together_stay_two_and_with_a_model_who_they_are(model: Model) -> None:
    last = fold(detector(model), model, range(FRAMES), stay=True)[-1]
    assert who(last, stay=True) == {1: "left", 2: "right"}
    without = fold(detector(None), None, range(FRAMES), stay=True)[-1]
    assert sorted(who(without, stay=True).values()) == ["left", "right"]


def test_a_model_that_never_answers_makes_nobody_invisible(model: Model) -> None:
    shown = fold(detector(model), None, range(FRAMES))
    assert [one.number for one in shown] == list(range(FRAMES))
    mute = {one.number: who(one) for one in shown}
    assert mute == {one.number: who(one) for one in fold(detector(None), None, range(FRAMES))}


def test_what_waits_is_part_of_the_state_and_goes_on_after_a_restore(model: Model) -> None:
    straight, stopped = detector(model), detector(model)
    fold(straight, None, range(25))
    fold(stopped, None, range(25))
    for it in (straight, stopped):
        (asked,) = it.perceive(Frame(25, 25 * FRAME_NS, two_people()[25])).events
        assert isinstance(asked, LookRequested)
        found = model.look(two_people()[25], 25 * FRAME_NS, list(asked.parts))
        it.recognise(found[0].captured_ns, found[0])
    fold(straight, None, range(26, 28))
    fold(stopped, None, range(26, 28))
    assert stopped.unsettled() != ()
    resumed = detector(model)
    resumed.restore(decode_state(encode_state(stopped.state()), DetectorState))
    assert resumed.unsettled() == straight.unsettled()
    assert fold(resumed, model, range(28, 60), 1) == fold(straight, model, range(28, 60), 1)
    assert encode_state(resumed.state()) == encode_state(straight.state())
