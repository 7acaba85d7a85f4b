"""How uncompressed frames are stored and got back: lossless, and never a crash on damage."""

import hashlib
from pathlib import Path

import cptv
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.events import FrameCaptured
from kernel.media import Shot
from kernel.payloads import EncodedFrame, FrameDecoder, FrameEncoder, PayloadDamaged
from kernel.payloads.raw import KEY_INTERVAL, RawDecoder, RawEncoder


@st.composite
def _frames(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    height, width = draw(st.sampled_from([(1, 1), (1, 7), (5, 1), (4, 6), (3, 3)]))
    top = int(np.iinfo(dtype).max)
    values = st.one_of(st.integers(0, top), st.sampled_from([0, 1, top // 2, top // 2 + 1, top - 1, top]))
    pixels = draw(st.lists(values, min_size=height * width, max_size=height * width))
    return np.array(pixels, dtype).reshape(height, width)


@settings(max_examples=80, deadline=None)
@given(st.lists(_frames(), min_size=1, max_size=8))
def test_every_frame_comes_back_as_it_was(frames: list[np.ndarray]) -> None:
    encoder, decoder = RawEncoder(), RawDecoder()
    for pixels in frames:
        back = decoder.decode(encoder.encode(pixels).data)
        assert back.dtype == pixels.dtype
        assert np.array_equal(back, pixels)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_raw_payload_is_an_error_or_the_very_frame(data: st.DataObject) -> None:
    encoder, decoder = RawEncoder(), RawDecoder()
    first = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1000
    second = first + np.uint16(3)
    decoder.decode(encoder.encode(first).data)
    payload = bytearray(encoder.encode(second).data)
    if data.draw(st.booleans()):
        del payload[data.draw(st.integers(0, len(payload) - 1)) :]
    else:
        payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        back = decoder.decode(bytes(payload))
    except PayloadDamaged:
        return
    assert np.array_equal(back, second)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"D1", b"P1", b"D1\x02\x01\x08\x00\x04\x00" + bytes(8)]))
def test_noise_is_a_damaged_payload_and_nothing_worse(noise: bytes, prefix: bytes) -> None:
    for codec in ("delta-zstd-1", "packets-1:h264"):
        body = FrameCaptured(0, 8, 4, "gray16", codec, True, 0, "")
        with pytest.raises(PayloadDamaged):
            FrameDecoder().decode(body, prefix + noise)


def test_a_key_frame_comes_at_least_every_64_frames_and_when_the_shape_changes() -> None:
    encoder = RawEncoder()
    small, large = np.zeros((4, 4), np.uint16), np.zeros((4, 5), np.uint16)
    keys = [encoder.encode(small).key for _ in range(2 * KEY_INTERVAL)]
    assert [index for index, key in enumerate(keys) if key] == [0, KEY_INTERVAL]
    assert encoder.encode(large).key
    assert not encoder.encode(large).key
    assert encoder.encode(large.astype(np.uint8)).key
    encoder.restart()
    assert encoder.encode(large.astype(np.uint8)).key


def test_a_frame_without_its_predecessor_is_refused_until_the_next_key_frame() -> None:
    encoder = RawEncoder()
    frames = [np.full((4, 4), n, np.uint16) for n in range(KEY_INTERVAL + 3)]
    payloads = [encoder.encode(pixels).data for pixels in frames]
    decoder = RawDecoder()
    with pytest.raises(PayloadDamaged, match="needs the frames before it"):
        decoder.decode(payloads[1])
    decoder.decode(payloads[0])
    with pytest.raises(PayloadDamaged, match="needs the frames before it"):
        decoder.decode(payloads[2])
    with pytest.raises(PayloadDamaged):
        decoder.decode(payloads[KEY_INTERVAL + 1])  # the right position in another group
    assert np.array_equal(decoder.decode(payloads[KEY_INTERVAL]), frames[KEY_INTERVAL])


def test_a_promise_of_a_huge_frame_is_refused_before_memory_is_taken() -> None:
    payload = bytearray(RawEncoder().encode(np.zeros((4, 4), np.uint16)).data)
    payload[4:8] = b"\xff\xff\xff\xff"
    with pytest.raises(PayloadDamaged, match="65535×65535 is outside"):
        RawDecoder().decode(bytes(payload))
    payload[4:8] = b"\x00\x10\x00\x10"
    with pytest.raises(PayloadDamaged, match="not the 33554432 bytes"):
        RawDecoder().decode(bytes(payload))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((0, 2), np.uint8),
        np.zeros((1, 5000), np.uint8),
    ],
)
def test_what_is_no_frame_is_not_encoded(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a frame"):
        RawEncoder().encode(pixels)


def test_the_encoder_keeps_its_own_copy_of_the_frame_before() -> None:
    encoder, decoder = RawEncoder(), RawDecoder()
    buffer = np.zeros((4, 4), np.uint16)
    for value in (5, 900, 3):
        buffer[:] = value
        assert np.array_equal(decoder.decode(encoder.encode(buffer).data), buffer)


def test_a_shot_becomes_a_fact_that_decodes_to_it() -> None:
    pixels = np.arange(20, dtype=np.uint16).reshape(4, 5)
    (frame,) = FrameEncoder().feed(Shot(7, pixels, shutter="open", night=True))
    assert isinstance(frame, EncodedFrame)
    fact = frame.fact()
    assert (fact.captured_ns, fact.width, fact.height, fact.pixel_format) == (7, 5, 4, "gray16")
    assert (fact.codec, fact.key, fact.shutter, fact.night) == ("delta-zstd-1", True, "open", True)
    assert fact.payload_bytes == len(frame.payload)
    assert fact.payload_sha256 == hashlib.sha256(frame.payload).hexdigest()
    assert np.array_equal(FrameDecoder().decode(fact, frame.payload), pixels)


def test_a_payload_that_does_not_fit_its_fact_is_refused() -> None:
    (frame,) = FrameEncoder().feed(Shot(0, np.zeros((4, 5), np.uint8)))
    assert isinstance(frame, EncodedFrame)
    wrong = FrameCaptured(0, 5, 4, "gray16", "delta-zstd-1", True, 0, "")
    with pytest.raises(PayloadDamaged, match="decodes to 5×4 gray8, not 5×4 gray16"):
        FrameDecoder().decode(wrong, frame.payload)
    unknown = FrameCaptured(0, 5, 4, "gray8", "crystal-9", True, 0, "")
    with pytest.raises(PayloadDamaged, match="'crystal-9' are not known"):
        FrameDecoder().decode(unknown, frame.payload)


@pytest.mark.shared
@pytest.mark.parametrize("clip", ["caco_cat", "caco_hedgehog_b", "caco_possum_trap", "fever_coffee"])
def test_real_thermal_clips_shrink_to_a_fifth_and_come_back_exactly(shared_data: Path, clip: str) -> None:
    encoder, decoder = RawEncoder(), RawDecoder()
    raw = stored = 0
    with (shared_data / clip / "source.cptv").open("rb") as file:
        for frame in cptv.CPTVReader(file):
            if frame.background_frame:
                continue
            encoded = encoder.encode(frame.pix)
            assert np.array_equal(decoder.decode(encoded.data), frame.pix)
            raw += frame.pix.nbytes
            stored += len(encoded.data)
    assert raw > 0
    assert stored < 0.20 * raw
