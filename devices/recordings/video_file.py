"""Video files, as far as FFmpeg reads them: the packets as they are, without decoding."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from devices.recordings.display_order import ranks_by_decoding, ranks_by_time
from kernel.media import MediaError, Packet, Stream

DEFAULT_FPS = Fraction(25)
LARGEST_SIDE = 4096
LONGEST_REORDERING = 20
"""Packets looked at to find the first displayed one; H.264 and H.265 reorder at most 16."""
_NO_VIDEO_CODECS = ("ansi", "bintext", "xbin", "idf")
"""FFmpeg takes plain text files for videos of these."""
_DEEP_GREY = ("gray9", "gray10", "gray12", "gray14", "gray16")


class VideoFile:
    """A video file as a `Recording` of packets, in decoding order, of its first video stream.

    Times come from the container, counted from the first displayed frame; `fps` replaces them by display order / fps,
    for containers that lie. Where the container has no times either, its frame rate counts, else 25 a second.

    The file is handed to FFmpeg as an open file and FFmpeg may open nothing else, so that a playlist disguised as a
    video reaches neither the network nor other files.
    """

    def __init__(self, path: Path, *, fps: float | None = None, began: str | None = None) -> None:
        """Look at the file. Raises `MediaError` where it is no video or too large a one."""
        self._path = path
        self._fps = Fraction(fps).limit_denominator(100_000) if fps else None
        with self._video() as (container, video):
            self._stream = _describe(path, video)
            self.kind: Literal["thermal", "optical"] = _kind(self._stream)
            self.frames: int | None = (video.frames if _counts_frames(container) else 0) or None
            self.began = began or _creation_time(container)

    def read(self) -> Iterator[Packet]:
        """Every packet.

        Raises `MediaError` where the file ends before what its header announces, after the packets that are there.
        Damage inside a packet is found by whoever decodes it.
        """
        times = self._display_times()
        with self._video() as (container, video):
            packets = self._demux(container, video)
            timed = _by_container(packets, _tick(video)) if times is None else _by_list(packets, times)
            count, end = 0, 0
            for captured_ns, packet in timed:
                count, end = count + 1, max(end, packet.pts or 0)
                yield Packet(captured_ns, bytes(packet), packet.is_keyframe, self._stream)
            self._check_complete(container, video, count, end)

    def _rate(self, video: VideoStream) -> Fraction:
        return self._fps or video.average_rate or video.guessed_rate or DEFAULT_FPS

    @contextmanager
    def _video(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """The container and its first video stream. Whatever FFmpeg complains about becomes a `MediaError`."""
        try:
            with (
                self._path.open("rb") as file,
                av.open(file, "r", container_options={"protocol_whitelist": "none"}) as container,
            ):
                video = next((s for s in container.streams.video if not _is_picture(s)), None)
                if video is None:
                    raise MediaError(f"{self._path}: has no video in it{_hint(self._path)}")
                yield container, video
        except FFmpegError as error:
            raise MediaError(
                f"{self._path}: cannot be read as a video ({error.strerror or error}){_hint(self._path)}"
            ) from None
        except OSError as error:
            raise MediaError(f"{self._path}: cannot be read ({error.strerror or error})") from None

    def _demux(self, container: InputContainer, video: VideoStream) -> Iterator[Any]:
        """The packets that are whole; an incomplete one counts where others follow, since then it is mere noise."""
        count = 0
        torn: Any = None
        try:
            for packet in container.demux(video):
                if packet.size == 0:
                    continue
                if torn is not None:
                    yield torn
                    torn = None
                if packet.is_corrupt:
                    torn = packet
                else:
                    yield packet
                count += 1
        except FFmpegError as error:
            raise MediaError(f"{self._path}: is damaged after {count} frames ({error.strerror or error})") from None
        if torn is not None:
            raise MediaError(self._truncated(count - 1, None))

    def _display_times(self) -> list[int] | None:
        """Each packet's time in ns by display order, where its own time cannot or shall not be used.

        An AVI counts its pictures as they are stored, so of streams that reorder only the decoder knows the order.
        """
        with self._video() as (container, video):
            head = next(_batches(self._demux(container, video), LONGEST_REORDERING), [])
            stored_order = bool(video.codec_context.has_b_frames) and container.format.name == "avi"
            if self._fps is None and not stored_order and all(packet.pts is not None for packet in head):
                return None
            rate, tick = self._rate(video), _tick(video)
            reordered = bool(video.codec_context.has_b_frames)
        pts: list[int | None] = []
        with self._video() as (container, video), suppress(MediaError):  # read() reports the damage in its place
            pts.extend(packet.pts for packet in self._demux(container, video))
        times = [time for time in pts if time is not None]
        ranks = list(range(len(pts)))
        if len(times) == len(pts) and not stored_order:
            ranks = ranks_by_time(times)
        elif reordered:
            with self._video() as (container, video), suppress(MediaError):
                ranks = ranks_by_decoding(self._demux(container, video), video, len(pts))
        if self._fps is None and len(times) == len(pts):
            ordered = sorted(times)
            return [round((ordered[rank] - ordered[0]) * tick * 1_000_000_000) for rank in ranks]
        return [round(rank * 1_000_000_000 / rate) for rank in ranks]

    def _check_complete(self, container: InputContainer, video: VideoStream, count: int, end: int) -> None:
        if count == 0:
            raise MediaError(f"{self._path}: holds no frames")
        if _counts_frames(container):
            if count < video.frames:
                raise MediaError(self._truncated(count, video.frames))
            return
        announced = _announced_end(container, video)
        interval = Fraction(end - (video.start_time or 0), max(1, count - 1))
        if announced is not None and end + 4 * interval < announced:
            seconds = float((announced - end) * _tick(video))
            raise MediaError(f"{self._truncated(count, None)}; {seconds:.1f} s are missing")

    def _truncated(self, count: int, announced: int | None) -> str:
        of = f" of {announced}" if announced else ""
        last = f", the last good one is frame {count - 1}" if count else ""
        return f"{self._path}: is truncated: {count}{of} frames are there{last}"


def _by_container(packets: Iterator[Any], tick: Fraction) -> Iterator[tuple[int, Any]]:
    """Packets with their presentation time in ns, from the first displayed frame; a lone missing time is guessed."""
    batches = _batches(packets, LONGEST_REORDERING)
    head = next(batches, [])
    base: int = min((packet.pts for packet in head if packet.pts is not None), default=0)
    for packet in chain(head, chain.from_iterable(batches)):
        ticks: int = next((time for time in (packet.pts, packet.dts) if time is not None), base)
        yield max(0, round((ticks - base) * tick * 1_000_000_000)), packet


def _by_list(packets: Iterator[Any], times: list[int]) -> Iterator[tuple[int, Any]]:
    """Packets with their times from a list, which a first pass over the same file gave."""
    for index, packet in enumerate(packets):
        yield times[min(index, len(times) - 1)], packet


def _batches(packets: Iterator[Any], first: int) -> Iterator[list[Any]]:
    """A first batch of up to `first` packets, then one at a time; on damage the good ones come before the error."""
    head: list[Any] = []
    try:
        for packet in packets:
            if len(head) == first:
                yield [packet]
                continue
            head.append(packet)
            if len(head) == first:
                yield head
    except MediaError:
        if 0 < len(head) < first:
            yield head
        raise
    if 0 < len(head) < first:
        yield head


def _describe(path: Path, video: VideoStream) -> Stream:
    codec = video.codec_context
    if codec is None or codec.name in _NO_VIDEO_CODECS:
        raise MediaError(f"{path}: is no video, or one whose codec is not known")
    if not (0 < codec.width <= LARGEST_SIDE and 0 < codec.height <= LARGEST_SIDE):
        raise MediaError(
            f"{path}: frames of {codec.width}×{codec.height} pixels; 1×1 to {LARGEST_SIDE}×{LARGEST_SIDE} are allowed"
        )
    return Stream(codec.name, bytes(codec.extradata or b""), codec.width, codec.height, codec.pix_fmt or "")


def _kind(stream: Stream) -> Literal["thermal", "optical"]:
    """Grey of more than 8 bits is what thermal cameras record."""
    return "thermal" if stream.pixel_format.startswith(_DEEP_GREY) else "optical"


def _is_picture(video: VideoStream) -> bool:
    """A cover picture in an audio file is a video stream to FFmpeg."""
    return bool(video.disposition & Disposition.attached_pic)


def _hint(path: Path) -> str:
    """An MP4 without its last part is the common case of a video that cannot be opened."""
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    return "; an MP4 file that was cut short, or is still being written, has no index" if is_mp4 else ""


def _counts_frames(container: InputContainer) -> bool:
    """MP4 and its kin count their frames exactly; the count of an AVI includes dropped ones."""
    return container.format.name.startswith("mov")


def _tick(video: VideoStream) -> Fraction:
    """The unit of the stream's times in seconds."""
    return video.time_base or Fraction(1, av.time_base)


def _announced_end(container: InputContainer, video: VideoStream) -> int | None:
    """When the stream should end, in its own ticks, if the container says."""
    if video.duration is not None:
        return (video.start_time or 0) + video.duration
    seconds: Fraction | None = None
    tag = video.metadata.get("DURATION", "")
    with suppress(ValueError):
        hours, minutes, rest = tag.split(":")
        seconds = Fraction(hours) * 3600 + Fraction(minutes) * 60 + Fraction(rest)
    if seconds is None and container.duration is not None and len(container.streams) == 1:
        seconds = Fraction(container.duration, av.time_base)
    return None if seconds is None else int(seconds / _tick(video))


def _creation_time(container: InputContainer) -> str | None:
    text = container.metadata.get("creation_time", "")
    with suppress(ValueError):
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None and when.year > 1970:  # 1904 and 1970 stand for "not set"
            return when.isoformat()
    return None
