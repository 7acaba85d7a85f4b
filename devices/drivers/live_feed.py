"""The driver of `notify`: a live feed of notices and signs of life for surveillance centres, over ZeroMQ.

A PUB socket sends messages of two parts: `notice` or `life`, and a JSON text, such as a WebSocket would carry as it is.
Whoever does not listen misses what is said meanwhile; the outbox keeps nothing for him.
"""

import argparse
import asyncio
import base64
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import zmq

from devices.delivery import NotNow, Parcel, read_settings, run_delivery
from devices.notice import BadNotice, Envelope
from devices.wire import Act
from kernel.site.linkage_model import Notify

NOTICE, LIFE = b"notice", b"life"
WAITING_MESSAGES = 1000
"""So many messages are kept for a centre that is slow; then it misses some."""


class Feed:
    """The socket; bound where the settings say."""

    def __init__(self, settings: Path | None) -> None:
        self._settings = settings
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._at = ""

    async def meanwhile(self) -> None:
        """Listen from the start, so that centres are there when the first notice comes."""
        if self._settings is not None:
            with suppress(BadNotice, NotNow):
                self._bind(read_settings(self._settings, Notify)[1].listen)
        try:
            await asyncio.Event().wait()
        finally:
            if self._socket is not None:
                self._socket.close(0)

    async def deliver(self, parcel: Parcel[Notify]) -> None:
        """Send the notice to whoever listens; pictures are in the attachments' `data`, in base64."""
        notice = msgspec.to_builtins(parcel.notice)
        for attachment in notice["attachments"]:
            data = (parcel.directory / attachment["name"]).read_bytes()
            attachment["data"] = base64.b64encode(data).decode()
        self._send(parcel.settings.listen, NOTICE, notice)

    async def life_sign(self, act: Act, envelope: Envelope, settings: Notify) -> None:
        """Say that all is well; a centre that hears nothing for longer than `interval_s` knows that it is not."""
        interval_s = int(act.parameters.get("interval_ns", "0")) / 1e9
        self._send(settings.listen, LIFE, {"site": envelope.site, "interval_s": interval_s, "number": act.ordinal})

    def _send(self, listen: str, what: bytes, said: dict[str, object]) -> None:
        socket = self._bind(listen)
        socket.send_multipart([what, msgspec.json.encode(said)])  # a PUB socket never blocks

    def _bind(self, listen: str) -> "zmq.Socket[bytes]":
        if self._socket is not None and self._at == listen:
            return self._socket
        if self._socket is not None:
            self._socket.close(0)
            self._socket = None
        socket = self._context.socket(zmq.PUB)
        socket.setsockopt(zmq.SNDHWM, WAITING_MESSAGES)
        try:
            socket.bind(f"tcp://{listen}")
        except zmq.ZMQError as error:
            socket.close(0)
            raise NotNow(f"{listen} cannot be listened on: {error}") from None
        self._socket, self._at = socket, listen
        return socket


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the driver."""
    parser = argparse.ArgumentParser(prog="devices.drivers.live_feed", description=__doc__)
    parser.add_argument("--settings", type=Path, help="the settings to begin with, before the first notice")
    feed = Feed(parser.parse_args(arguments).settings)
    run_delivery("notify", Notify, feed.deliver, feed.life_sign, feed.meanwhile)


if __name__ == "__main__":
    main()
