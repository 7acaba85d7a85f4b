"""The wire protocol: its encoding, its limits, and what a driver may say when."""

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.conversation import Conversation
from devices.reports import ContactMoved, Ended, Faulted, FrameArrived, Lost, WentOnline
from devices.wire import (
    MAX_HEADER_BYTES,
    PROTOCOL,
    ContactChanged,
    Fault,
    FramesDropped,
    FromDriver,
    Heartbeat,
    Hello,
    PacketReceived,
    ShotTaken,
    SourceEnded,
    ToDriver,
    WireError,
    check_endpoint,
    check_payload,
    decode_from_driver,
    decode_to_driver,
    encode,
    plain_text,
)
from kernel.media import Packet, Shot

DOCUMENT = Path(__file__).parents[2] / "docs" / "wire.md"
VECTORS = [
    line.split(" ", 2) for line in re.findall(r"```vectors\n(.*)\n```", DOCUMENT.read_text(), re.S)[0].split("\n")
]


@pytest.mark.parametrize(("sender", "header", "json"), VECTORS)
def test_the_vectors_of_the_document_are_what_the_code_speaks(sender: str, header: str, json: str) -> None:
    kind: Any = FromDriver if sender == "driver" else ToDriver
    decode = decode_from_driver if sender == "driver" else decode_to_driver
    message = msgspec.json.decode(json, type=kind)
    assert decode(bytes.fromhex(header)) == message
    assert encode(message).hex() == header


def test_every_message_has_a_vector_in_the_document() -> None:
    named = {(sender, msgspec.json.decode(json)["type"]) for sender, _, json in VECTORS}
    spoken = {("driver", kind.__name__) for kind in FromDriver.__args__}
    heard = {("daemon", kind.__name__) for kind in ToDriver.__args__}
    assert named == spoken | heard


def test_a_contact_is_reported_as_soon_as_the_driver_is_known_and_refused_before() -> None:
    talk = Conversation("gate")
    with pytest.raises(WireError, match="before Hello"):
        talk.receive(ContactChanged(3, True), [])
    talk.receive(Hello("gate", PROTOCOL), [])
    assert talk.receive(ContactChanged(3, True), []) == [ContactMoved("gate", 3, True)]


@pytest.mark.parametrize("number", [0, 65, -1])
def test_a_contact_that_no_alarm_input_can_have_is_refused(number: int) -> None:
    with pytest.raises(WireError, match="does not fit"):
        decode_from_driver(encode(ContactChanged(number, True)))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_wire_error(data: bytes) -> None:
    for decode in (decode_from_driver, decode_to_driver):
        try:
            decode(data)
        except WireError as error:
            assert str(error)


@settings(max_examples=300)
@given(st.sampled_from([bytes.fromhex(header) for _, header, _ in VECTORS]), st.data())
def test_a_damaged_message_is_a_message_or_a_wire_error(header: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(header) - 1))
    damaged = header[:at] + bytes([data.draw(st.integers(0, 255))]) + header[at + 1 :]
    try:
        decode_from_driver(damaged[: data.draw(st.integers(0, len(damaged)))])
    except WireError as error:
        assert str(error)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x91" * 100_000,
        b"\x82\xa4type\xa9Heartbeat\xa1x" + b"\x91" * 100_000 + b"\x00",
        b"\xdf\xff\xff\xff\xff",
        encode(Fault("x" * MAX_HEADER_BYTES)),
        encode(Fault("x" * 1001)),
        encode(ShotTaken(0, 0, 4097, 1, "gray8")),
        encode(ShotTaken(-1, 0, 1, 1, "gray8")),
        encode(ShotTaken(0, 2**63, 1, 1, "gray8")),
        encode(ShotTaken(0, 0, 1, 1, "rgb24")),  # type: ignore[arg-type]
        encode(PacketReceived(0, 0, True, "h264; rm", b"", 1, 1)),
        encode(FramesDropped(0, "")),
        encode(Hello("", 1)),
    ],
)
def test_what_exceeds_the_limits_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        decode_from_driver(header)


def test_unknown_keys_are_ignored() -> None:
    header = msgspec.msgpack.encode({"reason": "cold", "type": "Fault", "later": [1, {"a": None}]})
    assert decode_from_driver(header) == Fault("cold")


@pytest.mark.parametrize(
    ("message", "sizes"),
    [
        (ShotTaken(0, 0, 4, 3, "gray16"), [12]),
        (ShotTaken(0, 0, 4, 3, "gray8"), []),
        (ShotTaken(0, 0, 4, 3, "gray8"), [12, 12]),
        (PacketReceived(0, 0, True, "h264", b"", 1, 1), [0]),
        (PacketReceived(0, 0, True, "h264", b"", 1, 1), [2**24 + 1]),
        (Heartbeat(), [1]),
    ],
)
def test_a_payload_of_the_wrong_size_is_refused(message: FromDriver, sizes: list[int]) -> None:
    with pytest.raises(WireError):
        check_payload(message, sizes)


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:5555", "inproc://x", "ipc://" + "x" * 100, ""])
def test_only_short_local_endpoints_are_allowed(endpoint: str) -> None:
    with pytest.raises(WireError):
        check_endpoint(endpoint)


@given(st.text())
def test_a_text_from_a_driver_can_never_control_a_terminal(text: str) -> None:
    assert plain_text(text).isprintable()


def hello() -> Hello:
    return Hello("cam", PROTOCOL)


def shot(number: int) -> ShotTaken:
    return ShotTaken(number, 10 * number, 3, 2, "gray16")


PIXELS = zmq.Frame(np.arange(6, dtype="<u2").tobytes())


def begun(pace: Any = "realtime", credit: int = 0) -> Conversation:
    talk = Conversation("cam")
    assert talk.receive(hello(), []) == [WentOnline("cam", {})]
    assert talk.begin(pace)
    if credit:
        assert talk.grant(credit)
    return talk


def test_a_shot_arrives_as_pixels_that_compiled_code_may_use() -> None:
    (arrived,) = begun().receive(shot(0), [PIXELS])
    assert isinstance(arrived, FrameArrived) and isinstance(arrived.frame, Shot)
    assert arrived.frame.pixels.tolist() == [[0, 1, 2], [3, 4, 5]]
    flags = arrived.frame.pixels.flags
    assert flags.aligned and flags.writeable and flags.c_contiguous


def test_a_packet_arrives_as_it_was_sent_and_packets_share_their_stream() -> None:
    talk = begun()
    packets: list[Packet] = []
    for number in range(2):
        message = PacketReceived(number, -5, True, "h264", b"\x01", 64, 48)
        (arrived,) = talk.receive(message, [zmq.Frame(b"data")])
        assert isinstance(arrived, FrameArrived) and isinstance(arrived.frame, Packet)
        packets.append(arrived.frame)
    assert packets[0].data == b"data" and packets[0].captured_ns == -5
    assert packets[0].stream is packets[1].stream


def test_a_gap_in_the_numbers_is_reported_as_lost_and_an_announced_one_once() -> None:
    talk = begun()
    talk.receive(shot(0), [PIXELS])
    assert talk.receive(FramesDropped(2, "slow"), []) == [Lost("cam", 2, "slow")]
    assert [type(report) for report in talk.receive(shot(3), [PIXELS])] == [FrameArrived]
    lost, arrived = talk.receive(shot(9), [PIXELS])
    assert isinstance(lost, Lost) and lost.count == 5
    assert isinstance(arrived, FrameArrived) and arrived.number == 9


def test_frames_before_start_without_credit_or_out_of_order_are_refused() -> None:
    talk = Conversation("cam")
    with pytest.raises(WireError, match="before Hello"):
        talk.receive(shot(0), [PIXELS])
    talk.receive(hello(), [])
    with pytest.raises(WireError, match="before Start"):
        talk.receive(shot(0), [PIXELS])
    talk.begin("max")
    with pytest.raises(WireError, match="without credit"):
        talk.receive(shot(0), [PIXELS])
    talk.grant(2)
    talk.receive(shot(0), [PIXELS])
    with pytest.raises(WireError, match="once more"):
        talk.receive(shot(0), [PIXELS])


def test_nothing_but_faults_and_answers_follows_the_end() -> None:
    talk = begun()
    assert talk.receive(SourceEnded("done"), []) == [Ended("cam", "done", False)]
    assert talk.receive(Fault("cold"), []) == [Faulted("cam", "cold")]
    for message in (shot(0), SourceEnded("again"), FramesDropped(1, ""), hello()):
        with pytest.raises(WireError):
            talk.receive(message, [PIXELS])
    assert not talk.grant(1) and not talk.begin("max")


def test_a_driver_of_another_version_or_name_is_not_admitted() -> None:
    (ended,) = Conversation("cam").receive(Hello("cam", PROTOCOL + 1), [])
    assert isinstance(ended, Ended) and ended.error and "version" in ended.reason
    with pytest.raises(WireError, match="token"):
        Conversation("cam").receive(Hello("other", PROTOCOL), [])


messages = st.one_of(
    st.integers(0, 6).map(shot),
    st.builds(FramesDropped, st.integers(1, 3), st.just("slow")),
    st.sampled_from([hello(), Heartbeat(), Fault("cold"), SourceEnded("done")]),
)


@settings(max_examples=200)
@given(st.lists(messages, max_size=30), st.integers(1, 5))
def test_whatever_is_said_in_whatever_order_frames_come_in_order_and_within_the_credit(
    said: list[FromDriver], credit: int
) -> None:
    talk = begun("max", credit)
    numbers: list[int] = []
    lost = 0
    for message in said:
        try:
            reports = talk.receive(message, [PIXELS])
        except WireError:
            continue
        numbers += [r.number for r in reports if isinstance(r, FrameArrived)]
        lost += sum(r.count for r in reports if isinstance(r, Lost))
    assert len(numbers) <= credit
    assert numbers == sorted(set(numbers))
    if numbers:
        assert len(numbers) + lost >= numbers[-1] + 1
