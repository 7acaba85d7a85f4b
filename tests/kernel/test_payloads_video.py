"""How compressed video is stored and got back: the same pixels for the same packets, damaged or not."""

import functools
import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.events import FrameCaptured
from kernel.media import MediaError, Packet, Shot, Stream
from kernel.payloads import DamagedFrame, EncodedFrame, FrameDecoder, FrameEncoder, PayloadDamaged
from kernel.payloads.entry_points import starts_afresh
from kernel.payloads.packet_format import Fed, PacketPayload, Start, encode_payload

MOVING = [
    ("libx264", "yuv420p", {"g": "12", "bf": "3"}),
    ("libx264", "yuv420p10le", {"g": "12", "bf": "2"}),
    ("libx265", "yuv420p", {"x265-params": "keyint=12:open-gop=0:log-level=none"}),
    ("mpeg4", "yuv420p", {"g": "12", "bf": "2"}),
    ("mjpeg", "yuvj420p", {}),
    ("ffv1", "gray16le", {}),
    ("ffv1", "bgr0", {}),
]


def _video(codec: str, pixel_format: str, options: dict[str, str], frames: int = 80) -> list[Packet]:
    """A clip of a moving pattern, as packets in decoding order."""
    return list(_encoded_video(codec, pixel_format, tuple(options.items()), frames))


@functools.cache
def _encoded_video(codec: str, pixel_format: str, options: tuple[tuple[str, str], ...], frames: int) -> list[Packet]:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 96, 64, pixel_format, dict(options)
        pattern = np.random.default_rng(1).integers(0, 200, (64, 96)).astype(np.uint16)
        for number in range(frames):
            moved = np.roll(pattern, number, 1)
            image = moved * 200 if "16" in pixel_format else moved.astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, "gray16le" if "16" in pixel_format else "gray")
            frame = frame.reformat(format=pixel_format)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return list(_packets(file))


def _packets(source: io.BytesIO | str) -> Iterator[Packet]:
    with av.open(source) as container:
        video = container.streams.video[0]
        context = video.codec_context
        stream = Stream(context.name, context.extradata or b"", context.width, context.height)
        for packet in container.demux(video):
            if packet.size:
                at = packet.dts if packet.pts is None else packet.pts
                yield Packet(int(at * video.time_base * 10**9), bytes(packet), packet.is_keyframe, stream)


def _encode(packets: list[Packet]) -> list[EncodedFrame | DamagedFrame]:
    encoder = FrameEncoder()
    frames = [frame for packet in packets for frame in encoder.feed(packet)]
    return frames + encoder.flush()


def _assert_decodes(frames: list[EncodedFrame]) -> None:
    decoder = FrameDecoder()
    for frame in frames:
        assert np.array_equal(decoder.decode(frame.fact(), frame.payload), frame.pixels)


@pytest.mark.parametrize(("codec", "pixel_format", "options"), MOVING, ids=[f"{m[0]}-{m[1]}" for m in MOVING])
def test_video_decodes_again_to_the_same_pixels_from_every_key_frame(
    codec: str, pixel_format: str, options: dict[str, str]
) -> None:
    packets = _video(codec, pixel_format, options)
    frames = _encode(packets)
    good = [frame for frame in frames if isinstance(frame, EncodedFrame)]
    assert len(good) == len(frames) == 80
    assert [frame.captured_ns for frame in good] == [40_000_000 * n for n in range(80)]
    keys = [index for index, frame in enumerate(good) if frame.key]
    assert keys[0] == 0
    assert len(keys) == (1 if codec == "mpeg4" else 3)
    for key, following in zip(keys, [*keys[1:], len(good)], strict=True):
        _assert_decodes(good[key:following])
    _assert_decodes(good)


def test_the_luma_of_lossless_video_is_what_went_in() -> None:
    frames = _encode(_video("ffv1", "gray16le", {}, 5))
    pattern = np.random.default_rng(1).integers(0, 200, (64, 96)).astype(np.uint16) * 200
    for number, frame in enumerate(frames):
        assert isinstance(frame, EncodedFrame)
        assert frame.pixels.dtype == np.uint16
        assert frame.pixels.flags.c_contiguous
        assert np.array_equal(frame.pixels, np.roll(pattern, number, 1))


@pytest.mark.parametrize(("codec", "pixel_format", "options"), MOVING[:5], ids=[f"{m[0]}-{m[1]}" for m in MOVING[:5]])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_frames_around_damage_decode_to_what_was_seen_live(
    codec: str, pixel_format: str, options: dict[str, str], data: st.DataObject
) -> None:
    packets = _video(codec, pixel_format, options, 40)
    victim = data.draw(st.integers(0, 39))
    broken = bytearray(packets[victim].data)
    for _ in range(3):
        broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    packets[victim] = Packet(packets[victim].captured_ns, bytes(broken), packets[victim].key, packets[victim].stream)
    frames = _encode(packets)
    good = [frame for frame in frames if isinstance(frame, EncodedFrame)]
    if not good:
        return  # the damage was in the only key frame
    assert good[0].key
    _assert_decodes(good)


def test_lost_packets_are_counted_and_what_follows_a_break_is_not_trusted() -> None:
    packets = _video("libx264", "yuv420p", {"g": "20", "bf": "0"}, 60)
    del packets[5]
    half = bytearray(packets[29].data)
    half[len(half) // 2 :] = bytes(len(half) - len(half) // 2)
    packets[29] = Packet(packets[29].captured_ns, bytes(half), False, packets[29].stream)
    frames = _encode(packets)
    assert len(frames) == 59
    damaged = [frame.captured_ns // 40_000_000 for frame in frames if isinstance(frame, DamagedFrame)]
    assert set(range(31, 40)) <= set(damaged)
    assert not set(damaged) & set(range(40, 60))
    _assert_decodes([frame for frame in frames if isinstance(frame, EncodedFrame)])


def test_packets_before_the_first_key_packet_are_damaged_frames() -> None:
    packets = _video("libx264", "yuv420p", {"g": "10", "bf": "0"}, 20)
    frames = _encode(packets[3:])
    assert [isinstance(frame, DamagedFrame) for frame in frames] == [True] * 7 + [False] * 10


def test_a_stream_that_never_decodes_does_not_pile_up() -> None:
    stream = Stream("h264", b"", 64, 64)
    encoder = FrameEncoder()
    lost = sum(len(encoder.feed(Packet(n, b"\x00\x00\x01\x65garbage", True, stream))) for n in range(3000))
    lost += len(encoder.flush())
    assert lost == 3000


def test_a_change_of_stream_begins_with_a_key_frame() -> None:
    first, second = _video("libx264", "yuv420p", {"g": "12"}, 10), _video("mjpeg", "yuvj420p", {}, 10)
    frames = _encode(first + second)
    assert [frame.key for frame in frames if isinstance(frame, EncodedFrame)] == ([True] + [False] * 9) * 2
    _assert_decodes([frame for frame in frames if isinstance(frame, EncodedFrame)])


def test_with_a_mask_the_masked_pixels_are_stored_and_the_packets_are_not() -> None:
    def mask(pixels: np.ndarray) -> np.ndarray:
        masked = pixels.copy()
        masked[:8] = 0
        return masked

    encoder = FrameEncoder(mask)
    frames = [frame for packet in _video("mjpeg", "yuvj420p", {}, 5) for frame in encoder.feed(packet)]
    frames += encoder.feed(Shot(0, np.full((16, 16), 9, np.uint8)))
    decoder = FrameDecoder()
    assert len(frames) == 6
    for frame in frames:
        assert isinstance(frame, EncodedFrame)
        assert frame.codec == "delta-zstd-1"
        assert not decoder.decode(frame.fact(), frame.payload)[:8].any()


def test_an_open_gop_is_no_place_to_start_afresh() -> None:
    options = {"g": "12", "bf": "3", "x264-params": "open-gop=1"}
    packets = _video("libx264", "yuv420p", options)
    assert sum(packet.key for packet in packets) > 3
    assert [starts_afresh(packet) for packet in packets].count(True) == 1
    frames = _encode(packets)
    assert not any(isinstance(frame, DamagedFrame) for frame in frames)
    assert [index for index, frame in enumerate(frames) if isinstance(frame, EncodedFrame) and frame.key] == [0]


@pytest.mark.parametrize(
    ("codec", "reason"), [("no_such_codec", "no video decoder"), ("aac", "no video decoder"), ("../x", "no video")]
)
def test_video_that_cannot_be_decoded_at_all_is_named(codec: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        FrameEncoder().feed(Packet(0, b"x", True, Stream(codec, b"", 64, 64)))


def test_video_of_a_size_past_the_limit_is_named() -> None:
    with pytest.raises(MediaError, match="9000×64 is outside"):
        FrameEncoder().feed(Packet(0, b"x", True, Stream("h264", b"", 9000, 64)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_packet_payload_never_crashes(data: st.DataObject) -> None:
    (frame, *_) = _MJPEG
    assert isinstance(frame, EncodedFrame)
    payload = bytearray(frame.payload)
    at = data.draw(st.one_of(st.integers(0, min(60, len(payload) - 1)), st.integers(0, len(payload) - 1)))
    if data.draw(st.booleans()):
        del payload[at:]
    else:
        payload[at] ^= data.draw(st.integers(1, 255))
    try:
        back = FrameDecoder().decode(frame.fact(), bytes(payload))
    except PayloadDamaged:
        return
    assert back.shape == frame.pixels.shape


_MJPEG = _encode(_video("mjpeg", "yuvj420p", {}, 2))


def test_a_packet_payload_past_the_limits_is_refused() -> None:
    start = Start("mjpeg", b"", 64, 64)
    body = FrameCaptured(0, 64, 64, "gray8", "packets-1:mjpeg", True, 0, "")
    for payload in (
        PacketPayload(start, tuple(Fed(0, b"") for _ in range(2000)), False, 0),
        PacketPayload(start, (), False, 10**6),
        PacketPayload(start, (), False, -1),
        PacketPayload(start, (Fed(2**63 - 1, b"x"),), False, 0),
        PacketPayload(Start("mjpeg", bytes(2 * 1024 * 1024), 64, 64), (), False, 0),
        PacketPayload(Start("mjpeg", b"", 64, 100_000), (), False, 0),
        PacketPayload(start, (), True, 0),
        PacketPayload(None, (), False, 0),
    ):
        with pytest.raises(PayloadDamaged):
            FrameDecoder().decode(body, encode_payload(payload))


@pytest.mark.shared
@pytest.mark.parametrize("file", ["intel_car_road/car-detection.mp4", "pets09_s2l1/vtest.avi", "rsir_1/frames.mkv"])
def test_real_recordings_decode_again_to_the_same_pixels(shared_data: Path, file: str) -> None:
    packets: list[Packet] = []
    for packet in _packets(str(shared_data / file)):
        packets.append(packet)
        if len(packets) == 100:
            break
    frames = [frame for frame in _encode(packets) if isinstance(frame, EncodedFrame)]
    assert len(frames) == 100
    keys = [index for index, frame in enumerate(frames) if frame.key]
    _assert_decodes(frames)
    _assert_decodes(frames[keys[-1] :])
