"""The driver of `notify`, with a centre that listens."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from devices.host import DriverHost, DriverSpec
from devices.notice import Envelope
from devices.reports import WentOnline
from devices.testing import gather, seen
from kernel.events import ActionRequested
from kernel.site.linkage_model import Notify
from support.deliveries import HOSTILE, KEY, PICTURE, Output, hostile, parcel
from support.delivery_contract import DeliveryContract, closed_port


class Centre:
    """Whoever listens to the feed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self.heard: list[tuple[bytes, dict[str, Any]]] = []

    def hear(self, what: bytes, timeout_ms: int = 5000) -> dict[str, Any]:
        """The next message of this kind."""
        while self._socket.poll(timeout_ms):
            kind, text = self._socket.recv_multipart()
            self.heard.append((kind, json.loads(text)))
            if kind == what:
                return self.heard[-1][1]
        raise AssertionError(f"no {what!r}: {self.heard}")

    def close(self) -> None:
        self._socket.close()
        self._context.term()


@pytest.fixture
def server() -> Iterator[Centre]:
    centre = Centre(closed_port())
    yield centre
    centre.close()


def settings(port: int) -> Notify:
    return Notify(True, f"127.0.0.1:{port}")


@pytest.fixture
def output(server: Centre, tmp_path: Path) -> Iterator[Output]:
    """The driver as the daemon starts it, with its settings; the centre listens already."""
    path = tmp_path / "first.json"
    known = msgspec.Raw(msgspec.json.encode(settings(server.port)))
    path.write_bytes(msgspec.json.encode(Envelope("notify", str(tmp_path), known, "North fence")))
    spec = DriverSpec("linkage.notify", "devices.drivers.live_feed", ("--settings", str(path)))
    with DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        one = Output(tmp_path, "notify", "live_feed", host)
        for _ in range(50):  # until the centre's subscription has arrived
            assert one.ask(life_sign(one, server, tmp_path)).ok
            try:
                server.hear(b"life", 100)
                break
            except AssertionError:
                continue
        yield one


def life_sign(output: Output, server: Centre, where: Path) -> ActionRequested:
    request = output.request(where, settings(server.port))
    words = {**request.parameters, "interval_ns": "10000000000"}
    return ActionRequested("out", request.ordinal, "notify", "life_sign", words)


class TestContract(DeliveryContract):
    kind, module, server_side = "notify", "live_feed", False

    @pytest.fixture
    def output(self, output: Output) -> Output:
        return output

    def settings(self, server: Centre, where: Path) -> Notify:
        return settings(server.port)

    def arrived(self, server: Centre) -> int:
        server.hear(b"notice")
        return sum(kind == b"notice" for kind, _ in server.heard)


def test_the_centre_hears_the_notice_with_its_picture(output: Output, server: Centre, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path), settings(server.port)).ok
    said = server.hear(b"notice")
    assert (said["key"], said["rule"], said["state"]) == (KEY, "gate", "active")
    assert base64.b64decode(said["attachments"][0]["data"]) == PICTURE


def test_a_life_sign_says_how_long_silence_is_no_trouble(output: Output, server: Centre, tmp_path: Path) -> None:
    assert output.ask(life_sign(output, server, tmp_path)).ok
    assert server.hear(b"life")["interval_s"] == 10.0


def test_an_address_that_somebody_else_listens_on_is_worth_another_attempt(
    output: Output, server: Centre, tmp_path: Path
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = output.deliver(parcel(tmp_path), settings(int(other.getsockname()[1])))
    assert not answer.ok and answer.again and "cannot be listened on" in answer.reason


def test_hostile_names_stay_in_their_place(output: Output, server: Centre, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path, hostile()), settings(server.port)).ok
    assert server.hear(b"notice")["rule"] == HOSTILE
