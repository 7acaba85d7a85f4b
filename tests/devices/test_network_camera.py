"""A network thermal camera's HTTP interface: its temperatures, its contacts, and what it must not be able to do."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import camera_http
from devices.camera_contacts import input_is_active, set_output
from devices.camera_http import LOGIN_AGAIN_S, Answer, CameraAddress, CameraHttp
from devices.host import DriverHost
from devices.live import SourceAway
from devices.multipart import MAX_PARTS, MultipartError, Part, parts_of
from devices.process import DriverSpec
from devices.radiometric import MAX_BYTES, path_of, shot_of
from devices.reports import ActionAnswered, ContactMoved, FrameArrived, Report, WentOffline, WentOnline
from devices.testing import gather, seen
from kernel.events import ActionRequested
from kernel.media import Shot
from support.camera_server import JPEG, CameraServer, answer, camera_server, document, head, snapshot

SNAPSHOT = "/ISAPI/Thermal"
INPUT = "/ISAPI/System/IO/inputs/1"
OUTPUT = "/ISAPI/System/IO/outputs/1"


@pytest.fixture
def server() -> Iterator[CameraServer]:
    with camera_server() as running:
        yield running


def address(server: CameraServer, where: Path, password: str = "") -> CameraAddress:
    secret = where / "password"
    secret.write_text(password or server.password)
    secret.chmod(0o600)
    return CameraAddress(server.url, server.user, "password", base=where)


@pytest.fixture
def camera(server: CameraServer, tmp_path: Path) -> Iterator[CameraHttp]:
    with CameraHttp(address(server, tmp_path)) as client:
        yield client


def shot(camera: CameraHttp) -> Shot:
    return shot_of(camera.get(path_of(2), MAX_BYTES), 7)


def test_a_snapshot_becomes_a_frame_of_hundredths_of_a_kelvin(server: CameraServer, camera: CameraHttp) -> None:
    server.celsius = np.array([[-40.0, 0.0, 36.6], [100.0, 382.2, 900.0]])
    taken = shot(camera)
    assert taken.pixels.dtype == np.uint16
    assert taken.pixels.tolist() == [[23315, 27315, 30975], [37315, 65535, 65535]]
    assert (taken.mk_scale, taken.mk_offset, taken.shutter) == (10_000, 0, "open")
    server.frozen = True
    assert shot(camera).shutter == "closed"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_login_is_by_digest_and_asked_for_once_in_a_connection(algorithm: str, tmp_path: Path) -> None:
    with camera_server(algorithm) as server, CameraHttp(address(server, tmp_path)) as camera:
        for _ in range(3):
            shot(camera)
        assert server.refused == 1
        server.renew_nonce()
        shot(camera)
        assert server.refused == 2


def test_a_wrong_password_is_said_without_it_and_the_camera_left_alone(server: CameraServer, tmp_path: Path) -> None:
    with (
        CameraHttp(address(server, tmp_path, "not-this-one")) as camera,
        pytest.raises(SourceAway, match=r"refuses this user or password \(401\)") as raised,
    ):
        shot(camera)
    assert raised.value.wait_s == LOGIN_AGAIN_S
    assert "not-this-one" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["Basic realm=x", "Digest", "Digest realm", "Digest realm=x, nonce=y, qop=auth-int"])
def test_a_camera_that_wants_another_login_never_gets_the_password(
    scheme: str, server: CameraServer, tmp_path: Path
) -> None:
    server.password = "another"  # so that every request is refused
    server._challenge = lambda: f"WWW-Authenticate: {scheme}\r\n"  # type: ignore[method-assign]
    with CameraHttp(address(server, tmp_path, "p@ss:1")) as camera, pytest.raises(SourceAway):
        shot(camera)


def test_a_connection_closed_between_two_requests_is_made_again(server: CameraServer, camera: CameraHttp) -> None:
    shot(camera)
    server.hang_up()
    assert shot(camera).pixels.shape == (12, 16)


GOOD = snapshot(np.full((4, 6), 20.0))
BODY = GOOD.partition(b"\r\n\r\n")[2]
TYPE = "multipart/form-data; boundary=boundary"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (GOOD[: len(GOOD) // 2], "without"),
        (answer(BODY[: len(BODY) // 2], TYPE), "ends before its last part"),
        (answer(BODY, "text/html"), "multipart type with a boundary is needed"),
        (answer(BODY, "multipart/form-data; boundary=other"), "boundary is nowhere"),
        (answer(BODY, TYPE, more="Content-Encoding: gzip\r\n"), "packed answer"),
        (answer(b"", status="302 Found", more="Location: http://127.0.0.1:1/\r\n"), "status 302"),
        (answer(b"", status="500 No"), "status 500"),
        (head("200 OK", TYPE, 10**9) + bytes(MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
        (snapshot(np.full((2, 2), np.nan)), "no temperature"),
        (snapshot(np.zeros((2, 2)), jpegPicWidth=3), "3 × 2 temperatures have 24 bytes"),
        (snapshot(np.zeros((2, 2)), jpegPicWidth=-2, jpegPicHeight=-2), "allowed are"),
        (snapshot(np.zeros((2, 2)), jpegPicWidth=100_000, jpegPicHeight=100_000), "allowed are"),
        (snapshot(np.zeros((2, 2)), jpegPicWidth="2"), "Expected `int`"),
        (snapshot(np.zeros((2, 2)), temperatureDataLength=2), "temperatures of 2 bytes"),
        (b"not HTTP at all\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000, "too long"),
    ],
)
def test_what_is_no_snapshot_is_refused_with_its_reason(
    said: bytes, reason: str, server: CameraServer, camera: CameraHttp
) -> None:
    server.special[SNAPSHOT] = said
    with pytest.raises(SourceAway, match=reason):
        shot(camera)


def test_an_answer_that_never_ends_is_given_up(
    server: CameraServer, camera: CameraHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_http, "EXCHANGE_S", 0.6)
    server.special[SNAPSHOT] = None
    began_s = time.monotonic()
    with pytest.raises(SourceAway, match="no complete answer within"):
        shot(camera)
    assert time.monotonic() - began_s < 5.0


LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><IOPortStatus><ioState>&c;</ioState></IOPortStatus>'


@pytest.mark.parametrize(
    "said",
    [
        answer(LAUGHS),
        answer(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><IOPortStatus><ioState>active</ioState></IOPortStatus>'),
        answer(b"<IOPortStatus><ioState>active"),
        answer(b'<?xml version="1.0" encoding="no-such"?><IOPortStatus/>'),
        answer(b"<a>" * 20_000 + b"</a>" * 20_000),
        answer(b"<a>" * 9000 + b"</a>" * 9000, more="X: 1\r\n"),
        answer(b""),
        answer(b"\x00\xff"),
        document("IOPortStatus", ioState="perhaps"),
        document("IOPortStatus", other="active"),
    ],
)
def test_hostile_xml_tells_nothing_of_an_input(said: bytes, server: CameraServer, camera: CameraHttp) -> None:
    server.special[INPUT] = said
    with pytest.raises(SourceAway):
        input_is_active(camera, 1)


def test_inputs_are_read_and_outputs_switched(server: CameraServer, camera: CameraHttp) -> None:
    assert not input_is_active(camera, 1)
    server.inputs[1] = True
    assert input_is_active(camera, 1) and not input_is_active(camera, 2)
    set_output(camera, 2, True)
    set_output(camera, 2, False)
    assert server.outputs == [(2, "high"), (2, "low")]
    with pytest.raises(SourceAway, match="403"):
        set_output(camera, 9, True)
    server.special[OUTPUT] = document("ResponseStatus", statusCode="2", statusString="Device Busy")
    with pytest.raises(SourceAway, match="does not confirm, it says 'Device Busy'"):
        set_output(camera, 1, True)


@settings(max_examples=200)
@given(
    parts=st.lists(st.binary(max_size=60), min_size=1, max_size=MAX_PARTS),
    stated=st.booleans(),
    boundary=st.from_regex(r"[A-Za-z0-9'()+_,./:=?-]{1,20}", fullmatch=True),
)
def test_the_parts_of_a_body_are_what_was_put_into_it(parts: list[bytes], stated: bool, boundary: str) -> None:
    mark = b"--" + boundary.encode()
    if not stated and any(b"\r\n" + mark in b"\r\n" + part for part in parts):
        return  # the boundary must not occur in a part that does not state its length
    body = b"".join(
        mark
        + b"\r\nContent-Type: A/B; c=d\r\n"
        + (f"Content-Length: {len(part)}\r\n".encode() if stated else b"")
        + b"\r\n"
        + part
        + b"\r\n"
        for part in parts
    )
    found = parts_of(f'multipart/mixed; boundary="{boundary}"', body + mark + b"--\r\n")
    assert found == [Part("a/b", part) for part in parts]


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_body_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    for body in (bytes(damaged), bytes(damaged[:cut])):
        with suppress(SourceAway):
            assert shot_of(Answer(TYPE, body), 0).pixels.dtype == np.uint16


def test_more_parts_than_any_camera_sends_are_refused() -> None:
    with pytest.raises(MultipartError, match=f"more than {MAX_PARTS} parts"):
        parts_of("multipart/mixed; boundary=b", b"--b\r\n\r\n\r\n" * 9 + b"--b--")


def words(server: CameraServer, where: Path) -> tuple[str, ...]:
    address(server, where)
    return (server.url, "--base", str(where), "--user", server.user, "--password-file", "password")


def test_the_driver_sends_snapshots_and_finds_the_camera_again(server: CameraServer, tmp_path: Path) -> None:
    spec = DriverSpec("thermal", "devices.drivers.radiometric", (*words(server, tmp_path), "--fps", "25"))
    with DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        host.begin("thermal", "realtime")
        gather(host, seen(FrameArrived, 3))
        server.special[SNAPSHOT] = answer(JPEG, "image/jpeg")
        (offline,) = [r for r in gather(host, seen(WentOffline)) if isinstance(r, WentOffline)]
        assert "no radiometric snapshot" in offline.reason
        del server.special[SNAPSHOT]
        back = gather(host, seen(FrameArrived))
        assert any(isinstance(report, WentOnline) for report in back)
        assert not host.malformed
    frame = next(report.frame for report in back if isinstance(report, FrameArrived))
    assert isinstance(frame, Shot) and np.all(frame.pixels == 29315) and frame.mk_scale == 10_000


def moved(number: int, closed: bool) -> Report:
    return ContactMoved("contacts", number, closed)


def test_the_camera_s_inputs_are_alarm_inputs_also_after_it_was_away(server: CameraServer, tmp_path: Path) -> None:
    spec = DriverSpec("contacts", "devices.drivers.camera_inputs", (*words(server, tmp_path), "7=1", "8=2"))
    with DriverHost([spec]) as host:
        first = gather(host, seen(ContactMoved, 2))
        assert [r for r in first if isinstance(r, ContactMoved)] == [moved(7, False), moved(8, False)]
        server.inputs[2] = True
        assert gather(host, seen(ContactMoved)) == [moved(8, True)]
        server.special[INPUT] = answer(b"", status="503 Busy")
        (offline,) = gather(host, seen(WentOffline))
        assert isinstance(offline, WentOffline) and "status 503" in offline.reason
        server.inputs[1] = True
        del server.special[INPUT]
        online, *contacts = gather(host, seen(ContactMoved, 2))
        assert isinstance(online, WentOnline)
        assert contacts == [moved(7, True), moved(8, True)]
        assert not host.malformed


def test_an_output_is_switched_even_if_the_camera_fails_at_first(server: CameraServer, tmp_path: Path) -> None:
    spec = DriverSpec("linkage.siren", "devices.drivers.camera_output", words(server, tmp_path))
    with DriverHost([spec]) as host:
        gather(host, seen(WentOnline))
        server.special[OUTPUT] = b""
        host.act("linkage.siren", ActionRequested("siren", 1, "alarm_output", "on", {"number": "1"}))
        gather(host, lambda _: OUTPUT + "/trigger" in server.asked)
        del server.special[OUTPUT]
        assert gather(host, seen(ActionAnswered)) == [ActionAnswered("siren", 1, True, "")]
        host.act("linkage.siren", ActionRequested("siren", 2, "alarm_output", "off", {"number": "1"}))
        gather(host, seen(ActionAnswered))
    assert server.outputs == [(1, "high"), (1, "low")]
