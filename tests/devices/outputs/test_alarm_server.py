"""The driver of `http`, against a real HTTPS receiver."""

import base64
import email.parser
import email.policy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from kernel.site.linkage_model import Http
from support.deliveries import HOSTILE, KEY, PICTURE, Output, hostile, parcel, running, secret_file
from support.delivery_contract import SECRET, DeliveryContract
from support.receivers import Certificates, Receiver, receiving

NS = "{http://www.hikvision.com/ver20/XMLSchema}"


def http(receiver: Receiver, where: Path, **more: object) -> Http:
    url = f"https://127.0.0.1:{receiver.port}/alarms"
    plain = Http(url, "", "", str(where / "tls" / "authority.pem"), "json", 5_000_000_000, True)
    return msgspec.structs.replace(plain, **more)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(Certificates(tmp_path / "tls")) as receiver:
        yield receiver


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    with running(tmp_path, "http", "alarm_server") as output:
        yield output


class TestContract(DeliveryContract):
    kind, module = "http", "alarm_server"

    def settings(self, server: Receiver, where: Path) -> Http:
        server.login, server.password = "digest", SECRET
        return http(server, where, user="fence", password_file=secret_file(where, SECRET))

    def elsewhere(self, settings: object, port: int) -> Http:
        assert isinstance(settings, Http)
        return msgspec.structs.replace(settings, url=f"https://127.0.0.1:{port}/alarms")

    def arrived(self, server: Receiver) -> int:
        return len(server.posts)


def test_json_says_what_happened_and_carries_the_picture(output: Output, server: Receiver, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path), http(server, tmp_path)).ok
    ((headers, body),) = server.posts
    said = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == said["key"] == KEY
    assert (said["rule"], said["type"], said["target"], said["box"]) == (
        "gate",
        "line_crossing",
        "human",
        [0.25, 0.5, 0.125, 0.25],
    )
    (picture,) = said["attachments"]
    data = base64.b64decode(picture["data"])
    assert data == PICTURE and picture["sha256"] == hashlib.sha256(PICTURE).hexdigest()


def test_the_form_is_the_one_that_cameras_post(output: Output, server: Receiver, tmp_path: Path) -> None:
    assert output.deliver(parcel(tmp_path), http(server, tmp_path, format="xml")).ok
    ((headers, body),) = server.posts
    assert headers["content-type"] == "multipart/form-data; boundary=boundary"
    alert, picture = form_parts(headers, body)
    assert (alert.get_content_type(), picture.get_content_type()) == ("application/xml", "image/jpeg")
    document = alert.get_payload(decode=True)
    assert document.count(b"\n") > 10, "clients that read it line by line lose it otherwise"
    root = ElementTree.fromstring(document)
    said = {child.tag.removeprefix(NS): child.text for child in root}
    assert said["eventType"] == "linedetection" and said["eventState"] == "active"
    assert said["dateTime"] == "2026-03-01T02:00:04.125+01:00" and said["eventID"] == KEY
    assert root.findtext(f".//{NS}TargetRect/{NS}width") == "0.125000"
    assert picture.get_payload(decode=True) == PICTURE


def form_parts(headers: dict[str, str], body: bytes) -> list[email.message.EmailMessage]:
    whole = f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(whole)
    return list(message.iter_parts())


@pytest.mark.parametrize("format", ["json", "xml"])
def test_hostile_names_stay_in_their_place(format: str, output: Output, server: Receiver, tmp_path: Path) -> None:
    answer = output.deliver(parcel(tmp_path, hostile()), http(server, tmp_path, format=format))
    assert answer.ok, answer.reason
    ((headers, body),) = server.posts
    assert "bcc" not in headers
    if format == "json":
        assert json.loads(body)["rule"] == HOSTILE
        return
    parts = form_parts(headers, body)
    assert len(parts) == 2 and not any("bcc" in part for part in parts)
    root = ElementTree.fromstring(parts[0].get_payload(decode=True))
    assert root.find(f"{NS}x") is None
    said = root.findtext(f"{NS}ruleName")
    assert said is not None and said.replace("\n", "") == HOSTILE.translate(dict.fromkeys((0, 0x1B, 10, 13)))


@pytest.mark.parametrize("login", ["digest", "basic", "bearer"])
def test_it_logs_in_as_it_is_told(login: str, output: Output, server: Receiver, tmp_path: Path) -> None:
    server.login, server.password = login, SECRET
    user = "" if login == "bearer" else "fence"
    settings = http(server, tmp_path, auth=login, user=user, password_file=secret_file(tmp_path, SECRET))
    answer = output.deliver(parcel(tmp_path), settings)
    assert answer.ok, answer.reason


def test_a_wrong_password_is_worth_another_attempt_and_is_never_told(
    output: Output, server: Receiver, tmp_path: Path
) -> None:
    server.login, server.password = "digest", "another"
    settings = http(server, tmp_path, user="fence", password_file=secret_file(tmp_path, SECRET))
    answer = output.deliver(parcel(tmp_path), settings)
    assert not answer.ok and answer.again and "401" in answer.reason and SECRET not in answer.reason


def test_a_certificate_of_an_unknown_authority_or_for_another_host_is_refused(output: Output, tmp_path: Path) -> None:
    for certificates in (
        Certificates(tmp_path / "unknown"),
        Certificates(tmp_path / "tls", host="elsewhere.example.org"),
    ):
        with receiving(certificates) as receiver:
            answer = output.deliver(parcel(tmp_path / certificates.key.parent.name), http(receiver, tmp_path))
        assert not answer.ok and answer.again and "certificate is not accepted" in answer.reason, answer
        assert receiver.posts == []


@pytest.mark.parametrize(("status", "again"), [(500, True), (503, True), (507, True), (429, True), (400, False)])
def test_what_the_server_answers_decides_whether_to_try_again(
    status: int, again: bool, output: Output, server: Receiver, tmp_path: Path
) -> None:
    server.status = status
    answer = output.deliver(parcel(tmp_path), http(server, tmp_path))
    assert (answer.ok, answer.again) == (False, again) and str(status) in answer.reason


def test_a_server_that_is_too_slow_is_given_up_after_the_time_out(
    output: Output, server: Receiver, tmp_path: Path
) -> None:
    server.delay_s = 3.0
    answer = output.deliver(parcel(tmp_path), http(server, tmp_path, timeout_ns=1_000_000_000))
    assert not answer.ok and answer.again and "within 1 s" in answer.reason
