"""What drivers of frames are built on: `run_source` sends a Recording to the daemon at the pace it asks for."""

import time
from collections.abc import Callable
from typing import Literal

import numpy as np

from devices.driver import SLICE_S, Line, run
from devices.wire import MAX_PACKET_BYTES, MAX_SIDE_PX, FramesDropped, PacketReceived, ShotTaken
from kernel.media import MediaError, Packet, Recording, Shot

QUEUE_FULL = "the daemon did not keep up"
FORMATS: dict[str, Literal["gray8", "gray16"]] = {"uint8": "gray8", "uint16": "gray16"}
FrameMessage = ShotTaken | PacketReceived


def run_source(open_recording: Callable[[], Recording], capabilities: dict[str, str] | None = None) -> int:
    """Run a driver that sends the frames of a recording, then SourceEnded. Returns the process's exit status.

    `open_recording` may raise `MediaError`; like one raised while reading it ends the source with an error. The Hello
    carries `capabilities`, and of the recording `kind`, `frames` and `began` as far as they are known.
    """

    def talk(line: Line) -> None:
        try:
            recording = open_recording()
        except MediaError as error:
            line.hello(capabilities or {})
            line.end(str(error), error=True)
            return
        line.hello({**(capabilities or {}), **_described(recording)})
        while line.pace is None:
            line.serve(SLICE_S)
        send = _Realtime(line) if line.pace == "realtime" else _ByCredit(line)
        try:
            for number, frame in enumerate(recording.read()):
                send(*packed(number, frame))
        except MediaError as error:
            send.finish()
            line.end(str(error), error=True)
        send.finish()
        line.end("end of the source")

    return run(talk)


def _described(recording: Recording) -> dict[str, str]:
    known = {"kind": recording.kind, "frames": recording.frames, "began": recording.began}
    return {key: str(value) for key, value in known.items() if value is not None}


def packed(number: int, frame: Shot | Packet) -> tuple[FrameMessage, bytes | memoryview]:
    """The message and payload of a frame. Raises `MediaError` where the protocol has no room for it."""
    if isinstance(frame, Packet):
        stream = frame.stream
        if not 1 <= len(frame.data) <= MAX_PACKET_BYTES:
            raise MediaError(f"frame {number}: packet of {len(frame.data)} bytes, allowed are 1 to {MAX_PACKET_BYTES}")
        message = PacketReceived(
            number, frame.captured_ns, frame.key, stream.codec, stream.extradata, stream.width, stream.height
        )
        return message, frame.data
    height, width = frame.pixels.shape
    pixel_format = FORMATS.get(frame.pixels.dtype.name)
    if pixel_format is None or max(height, width) > MAX_SIDE_PX:
        raise MediaError(
            f"frame {number}: {width} × {height} {frame.pixels.dtype}, allowed are uint8 and uint16 up to"
            f" {MAX_SIDE_PX} × {MAX_SIDE_PX}"
        )
    more = (frame.shutter, frame.night, frame.mk_scale, frame.mk_offset)
    message = ShotTaken(number, frame.captured_ns, width, height, pixel_format, *more)
    little_endian = np.ascontiguousarray(frame.pixels, frame.pixels.dtype.newbyteorder("<"))
    return message, little_endian.reshape(-1).view(np.uint8).data


class _ByCredit:
    """Sends each frame once there is credit for it, and drops none."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def __call__(self, message: FrameMessage, payload: bytes | memoryview) -> None:
        self._line.serve()
        while self._line.credit == 0:
            self._line.serve(SLICE_S)
        self._line.send(message, payload)
        self._line.credit -= 1

    def finish(self) -> None:
        """Nothing is left over."""


class _Realtime:
    """Sends each frame when it is due by its captured time, and drops it where the daemon does not keep up."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._zero_s: float | None = None
        self._dropped = 0

    def __call__(self, message: FrameMessage, payload: bytes | memoryview) -> None:
        captured_s = message.captured_ns / 1e9
        if self._zero_s is None:
            self._zero_s = time.monotonic() - captured_s
        self._line.serve()
        while (early_s := self._zero_s + captured_s - time.monotonic()) > 0:
            self._line.serve(min(early_s, SLICE_S))
        if not (self._told_of_drops() and self._line.try_send(message, payload)):
            self._dropped += 1

    def _told_of_drops(self) -> bool:
        if self._dropped and self._line.try_send(FramesDropped(self._dropped, QUEUE_FULL)):
            self._dropped = 0
        return self._dropped == 0

    def finish(self) -> None:
        """Tell of what was dropped last, however long the daemon takes."""
        if self._dropped:
            self._line.send(FramesDropped(self._dropped, QUEUE_FULL))
