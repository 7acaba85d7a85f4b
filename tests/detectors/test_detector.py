"""A channel's detector on small made-up scenes: hold-off, corrections, shields, sensitivity, numbers, digests."""

import numpy as np
import pytest

from detectors.detector import ChannelDetector, DetectorState
from kernel.detector import Frame, Percept
from kernel.events import Body, HoldOffEnded, HoldOffStarted, ObjectsDetected, TrackEnded, TrackStarted
from kernel.site.reader import read_site
from kernel.state import decode_state, encode_state
from support.recordings import walk
from support.sites import whole_frame

FRAME_NS = 111_000_000


def detector(**rule: object) -> ChannelDetector:
    site = read_site(whole_frame(**rule))
    return ChannelDetector(site.channels[0], site.rules)


def percepts(it: ChannelDetector, frames: list[np.ndarray], corrected: tuple[int, ...] = ()) -> list[Percept]:
    return [
        it.perceive(Frame(n, n * FRAME_NS, frame, "corrected" if n in corrected else None))
        for n, frame in enumerate(frames)
    ]


def events(of: list[Percept], *kinds: type[Body]) -> list[tuple[int, Body]]:
    return [(n, e) for n, percept in enumerate(of) for e in percept.events if isinstance(e, kinds)]


def empty(frames: int) -> list[np.ndarray]:
    return walk(frames, enters=frames)


def test_detection_begins_with_a_hold_off_of_at_most_800_ms() -> None:
    (started, _), (ended, _) = events(percepts(detector(), empty(20)), HoldOffStarted, HoldOffEnded)
    assert started == 0
    assert ended * FRAME_NS <= 800_000_000


def test_a_walker_is_one_track_from_where_it_came_to_where_it_left() -> None:
    seen = percepts(detector(), walk(110))
    ((first, started),) = events(seen, TrackStarted)
    ((last, ended),) = events(seen, TrackEnded)
    assert 15 < first < 26
    assert 75 < last < 105
    assert started.track == ended.track == 1


def test_nothing_is_seen_in_an_empty_scene() -> None:
    assert events(percepts(detector(), empty(150)), TrackStarted, ObjectsDetected) == []


def test_a_shutter_correction_that_shifts_every_pixel_is_no_target() -> None:
    rng = np.random.default_rng(5)
    offsets = (rng.normal(-40, 6, (72, 96))).round().astype(int)
    frames = empty(120)
    frames = frames[:60] + [(f.astype(int) + offsets).astype(np.uint16) for f in frames[60:]]
    assert events(percepts(detector(), frames, corrected=(60,)), TrackStarted) == []


@pytest.mark.parametrize("change", [lambda f: f * 0.7, lambda f: f * 1.2 + 10, lambda f: f + 25])
def test_a_change_of_the_light_as_a_whole_is_no_target(change) -> None:
    grey = [np.clip((f.astype(int) - 2950) * 1.5, 0, 255).astype(np.uint8) for f in empty(120)]
    frames = grey[:60] + [np.clip(change(f.astype(float)), 0, 255).astype(np.uint8) for f in grey[60:]]
    assert events(percepts(detector(kind="optical"), frames), TrackStarted) == []


def test_what_is_under_the_shield_is_not_detected() -> None:
    covered = detector(shield=[[[0.0, 0.3], [1.0, 0.3], [1.0, 0.8], [0.0, 0.8]]])
    assert events(percepts(covered, walk(90)), TrackStarted) == []


def test_sensitivity_0_switches_off() -> None:
    assert events(percepts(detector(sensitivity=0), walk(90)), TrackStarted, ObjectsDetected) == []


def test_track_numbers_are_never_used_again_after_a_restart() -> None:
    it = detector()
    before = events(percepts(it, walk(60)), TrackStarted)
    it.restart("command")
    after = [
        e
        for n, frame in enumerate(walk(60))
        for e in it.perceive(Frame(60 + n, (60 + n) * FRAME_NS, frame)).events
        if isinstance(e, TrackStarted)
    ]
    assert {e.track for _, e in before}.isdisjoint({e.track for e in after})
    assert after


def test_the_same_frames_give_the_same_state() -> None:
    one, two = detector(), detector()
    percepts(one, walk(60))
    percepts(two, walk(60))
    assert encode_state(one.state()) == encode_state(two.state())


def test_a_single_count_in_a_single_pixel_changes_the_state() -> None:
    frames = walk(60)
    one, two = detector(), detector()
    percepts(one, frames)
    frames[40] = frames[40].copy()
    frames[40][3, 3] += 1
    percepts(two, frames)
    assert encode_state(one.state()) != encode_state(two.state())


def test_it_has_a_state_before_its_first_frame() -> None:
    it = detector()
    it.restart("command")
    fresh = detector()
    fresh.restore(decode_state(encode_state(it.state()), DetectorState))
    assert encode_state(fresh.state()) == encode_state(it.state())


def test_pictures_of_another_size_begin_anew() -> None:
    it = detector()
    percepts(it, walk(60))
    percept = it.perceive(Frame(60, 60 * FRAME_NS, np.zeros((48, 64), np.uint16)))
    assert isinstance(percept.events[0], HoldOffStarted)
    assert percept.ended == (1,)
