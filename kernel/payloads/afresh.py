"""Frames that decode by themselves where a segment begins, whatever the stream gives there.

Of raw frames the ones up to the stream's next key frame are encoded anew, from a key frame on. Of compressed video
the frame is given all packets since the last key frame. The pixels stay the same.
"""

import hashlib

import msgspec

from kernel.events import FrameCaptured
from kernel.payloads import raw
from kernel.payloads.errors import PayloadDamaged
from kernel.payloads.luma import Pixels
from kernel.payloads.packet_format import joined
from kernel.payloads.packets import CODEC_PREFIX
from kernel.payloads.raw import RawEncoder

MOST_BYTES = 16 * 1024 * 1024
"""Of the packets since the last key frame no more than this is remembered; past it a frame is left as it came."""


class FreshStart:
    """One channel's frames on their way into the log."""

    def __init__(self) -> None:
        self._wanted = False
        self._encoder: RawEncoder | None = None
        self._since_key: list[bytes] = []
        self._bytes = 0

    def begin(self) -> None:
        """The next frame is the channel's first in a segment."""
        self._wanted = True

    def of(self, body: FrameCaptured, payload: bytes, pixels: Pixels | None) -> tuple[FrameCaptured, bytes]:
        """The frame as it is to be stored; `pixels` is what it decodes to, None where that is not at hand."""
        wanted, self._wanted = self._wanted, False
        if body.codec == raw.CODEC:
            return self._raw(body, payload, pixels, wanted)
        if body.codec.startswith(CODEC_PREFIX):
            return self._packets(body, payload, wanted)
        return body, payload

    def _raw(
        self, body: FrameCaptured, payload: bytes, pixels: Pixels | None, wanted: bool
    ) -> tuple[FrameCaptured, bytes]:
        if body.key or pixels is None:
            self._encoder = None
            return body, payload
        if wanted:
            self._encoder = RawEncoder()
        if self._encoder is None:
            return body, payload
        encoded = self._encoder.encode(pixels)
        return _stored(body, encoded.data, encoded.key)

    def _packets(self, body: FrameCaptured, payload: bytes, wanted: bool) -> tuple[FrameCaptured, bytes]:
        if body.key:
            self._since_key, self._bytes = [payload], len(payload)
            return body, payload
        if not self._since_key:
            return body, payload
        self._since_key.append(payload)
        self._bytes += len(payload)
        if self._bytes > MOST_BYTES:
            self._since_key.clear()
            return body, payload
        if not wanted:
            return body, payload
        try:
            whole = joined(*self._since_key)
        except PayloadDamaged:  # past the limits of a payload
            return body, payload
        self._since_key = [whole]
        return _stored(body, whole, True)


def _stored(body: FrameCaptured, payload: bytes, key: bool) -> tuple[FrameCaptured, bytes]:
    digest = hashlib.sha256(payload).hexdigest()
    return msgspec.structs.replace(body, key=key, payload_bytes=len(payload), payload_sha256=digest), payload
