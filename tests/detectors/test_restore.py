"""A detector that is restored from its state goes on as if nothing had happened, at every frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.detector import ChannelDetector
from kernel.detector import Frame
from kernel.site.reader import read_site
from kernel.state import StateDamaged, decode_state, encode_state
from support.recordings import walk
from support.sites import whole_frame

FRAME_NS = 111_000_000
OPTICAL = {"kind": "optical", "background_interference_suppression": "true"}
ARMED = {"all": 0}


def detector(**rule: object) -> ChannelDetector:
    site = read_site(whole_frame(**rule))
    return ChannelDetector(site.channels[0], site.rules)


def resumed(of: ChannelDetector, **rule: object) -> ChannelDetector:
    fresh = detector(**rule)
    fresh.restore(decode_state(encode_state(of.state()), object))
    return fresh


def scene(kind: str, seed: int = 1) -> list[np.ndarray]:
    """A walker, then all is brighter at once, then another walker."""
    frames = [*walk(70, 12, seed), *(frame + np.uint16(900) for frame in walk(50, 14, seed + 1))]
    return frames if kind == "thermal" else [((frame - 2900) // 8).astype(np.uint8) for frame in frames]


@pytest.mark.parametrize(
    "rule", [{}, OPTICAL, {"scene_mode": '"leaves_interfered"'}], ids=["thermal", "optical", "leaves"]
)
def test_restored_before_each_frame_it_sees_and_digests_the_same(rule: dict[str, object]) -> None:
    straight, restarted = detector(**rule), detector(**rule)
    hits = 0
    for n, pixels in enumerate(scene(str(rule.get("kind", "thermal")))):
        frame = Frame(n, n * FRAME_NS, pixels, "corrected" if n == 60 else None)
        restarted = resumed(restarted, **rule)
        assert restarted.perceive(frame) == straight.perceive(frame), n
        found = straight.judge(frame.captured_ns, ARMED)
        assert restarted.judge(frame.captured_ns, ARMED) == found, n
        assert encode_state(restarted.state()) == encode_state(straight.state()), n
        hits += len(found)
        if n == 100:
            straight.restart("command")
            restarted.restart("command")
    assert hits, "nothing happened, and that proves nothing"


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.sets(st.integers(1, 110), min_size=1, max_size=4))
def test_restored_at_any_frames_of_any_walk_it_goes_on_the_same(seed: int, stops: set[int]) -> None:
    straight, restarted = detector(), detector()
    for n, pixels in enumerate(scene("thermal", seed)):
        frame = Frame(n, n * FRAME_NS, pixels)
        restarted = resumed(restarted) if n in stops else restarted
        assert restarted.perceive(frame) == straight.perceive(frame)
        assert restarted.judge(frame.captured_ns, ARMED) == straight.judge(frame.captured_ns, ARMED)
    assert encode_state(restarted.state()) == encode_state(straight.state())


def test_a_state_of_other_rules_is_refused() -> None:
    it = detector()
    it.perceive(Frame(0, 0, walk(1)[0]))
    with pytest.raises(StateDamaged, match="other rules"):
        detector(sensitivity=20).restore(decode_state(encode_state(it.state()), object))
    with pytest.raises(StateDamaged):
        detector().restore({"last_id": 1})
