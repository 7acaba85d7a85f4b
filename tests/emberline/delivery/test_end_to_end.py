"""From a rule's alarm to the server: what arrives is held against the alarm in the log."""

import base64
import hashlib
import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from support.cli import alarms, emberline, good
from support.daemon import start, wait_for_alarm
from support.deliveries import secret_file
from support.delivery_contract import SECRET, closed_port
from support.mail_server import MailBox, mail_server
from support.receivers import Certificates, Receiver, receiving
from support.recordings import cptv, walk
from support.sites import whole_frame
from support.waiting import wait_until

CA = 'ca_file = "tls/authority.pem"'


def site_with(where: Path, linkages: str, names: str, frames: int = 60) -> Path:
    source = cptv(where / "a.cptv", walk(frames))
    text = '[site]\nname = "North fence"\n' + whole_frame(f"file:{source}").replace('["siren"]', names) + linkages
    path = where / "site.toml"
    path.write_text(text)
    return path


def web(port: int, more: str = "") -> str:
    return f'\n[linkage.web]\nkind = "http"\nurl = "https://127.0.0.1:{port}/alarms"\n{CA}\n{more}\n'


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "tls")


@pytest.fixture
def receiver(certificates: Certificates) -> Iterator[Receiver]:
    with receiving(certificates) as one:
        yield one


def facts(log: Path, kind: str, source: str) -> list[dict[str, object]]:
    lines = good("events", log, "--kind", kind, "--source", source).splitlines()
    return [json.loads(line)["body"] for line in lines]


def test_an_alarm_and_its_end_arrive_at_the_alarm_server_with_the_frame_of_the_alarm(
    receiver: Receiver, tmp_path: Path
) -> None:
    site, log = site_with(tmp_path, web(receiver.port), '["siren", "web"]'), tmp_path / "log"
    ran = good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    assert "actions confirmed" in ran
    (alarm,) = alarms(log)
    begun = json.loads(receiver.posts[0][1])
    assert (begun["state"], begun["rule"], begun["ordinal"]) == ("active", "all", 1)
    assert begun["seq"] == alarm["seq"] and begun["site"] == "North fence"
    (picture,) = begun["attachments"]
    data = base64.b64decode(picture["data"])
    assert hashlib.sha256(data).hexdigest() == picture["sha256"]
    shown = json.loads(Image.open(io.BytesIO(data)).info["comment"])
    frame = next(json.loads(line) for line in good("events", log, "--kind", "AlarmRaised").splitlines())["body"][
        "frame"
    ]
    captured = {
        e["seq"]: e["body"] for e in map(json.loads, good("events", log, "--kind", "FrameCaptured").splitlines())
    }
    assert shown["frames"] == [captured[frame]["payload_sha256"]] == picture["frame_digests"]
    assert [f["ordinal"] for f in facts(log, "ActionFinished", "linkage.web")][:1] == [1]
    assert "replay: identical" in good("replay", log, "--verify")


def digest_of_alarm_frame(log: Path) -> str:
    frame = json.loads(good("events", log, "--kind", "AlarmRaised").splitlines()[0])["body"]["frame"]
    captured = [json.loads(line) for line in good("events", log, "--kind", "FrameCaptured").splitlines()]
    return next(event["body"]["payload_sha256"] for event in captured if event["seq"] == frame)


def test_an_e_mail_arrives_with_its_picture_while_another_output_is_down(
    certificates: Certificates, tmp_path: Path
) -> None:
    secret_file(tmp_path, SECRET)
    with mail_server(certificates, "fence", SECRET) as box:
        mail = f"""
[linkage.mail]
kind = "email"
server = "127.0.0.1"
port = {box.port}
encryption = "starttls"
user = "fence"
password_file = "password"
{CA}
from = "fence@example.org"
to = ["guard@example.org"]
images = {{ thermal = 1 }}
"""
        site = site_with(tmp_path, mail + web(closed_port()), '["mail", "web"]')
        good("run", "--site", site, "--log", tmp_path / "log", "--speed", "max", "--until-end")
        check_mail(box, tmp_path / "log")
    faults = facts(tmp_path / "log", "DeviceFault", "linkage.web")
    assert faults and "next attempt in 2 s" in str(faults[0]["reason"])
    everything = good("events", tmp_path / "log")
    assert SECRET not in everything


def check_mail(box: MailBox, log: Path) -> None:
    (alarm,) = alarms(log)
    ((to, message),) = box.messages
    assert to == ["guard@example.org"]
    body = message.get_body()
    assert body is not None and f"seq {alarm['seq']}" in body.get_content()
    (picture,) = message.iter_attachments()
    data = picture.get_payload(decode=True)
    assert isinstance(data, bytes) and hashlib.sha256(data).hexdigest() in body.get_content()


def children_of(pid: int) -> list[int]:
    """The processes that it started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_after_sigkill_during_delivery_the_notice_arrives_once_more_under_the_same_key(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.delay_s = 30.0
    site, log = site_with(tmp_path, web(receiver.port, "timeout = 60"), '["web"]', 300), tmp_path / "log"
    daemon = start(site, log)
    wait_for_alarm(daemon)
    wait_until(lambda: receiver.arriving)
    orphans = children_of(daemon.pid)
    daemon.send_signal(signal.SIGKILL)
    daemon.communicate()
    receiver.delay_s = 0.0
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    key = json.loads(receiver.arriving[0])["key"]
    arrived = [json.loads(body) for _, body in receiver.posts]
    assert key in [one["key"] for one in arrived]
    finished = facts(log, "ActionFinished", "linkage.web")
    assert [f["earlier"] for f in finished if f["earlier"]] != []
    assert not list((log / "outbox").glob("[0-9]*-*"))


def test_what_an_import_would_have_set_off_is_not_delivered_by_a_later_run(receiver: Receiver, tmp_path: Path) -> None:
    site, log = site_with(tmp_path, web(receiver.port), '["web"]'), tmp_path / "log"
    for _ in range(2):  # before there is an outbox, and after
        good("import", tmp_path / "a.cptv", "--log", log, "--site", site, "--channel", "thermal")
        good("replay", log)
        good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    begun = [body for body in map(json.loads, (body for _, body in receiver.posts)) if body["state"] == "active"]
    assert len(alarms(log)) == 4 and len(begun) == 2


def test_a_password_file_that_others_may_read_is_a_clear_error_in_the_log(receiver: Receiver, tmp_path: Path) -> None:
    secret_file(tmp_path, SECRET, 0o644)
    more = 'user = "fence"\npassword_file = "password"'
    site, log = site_with(tmp_path, web(receiver.port, more), '["web"]'), tmp_path / "log"
    assert emberline("run", "--site", site, "--log", log, "--speed", "max", "--until-end").code == 0
    faults = facts(log, "DeviceFault", "linkage.web")
    assert "chmod 600" in str(faults[0]["reason"]) and SECRET not in str(faults)
    assert receiver.posts == []


def test_a_light_and_a_sound_follow_an_alarm(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    signals = f"""
[linkage.lamp]
kind = "light"
mode = "solid"
duration = 1
chip = "fake:{lines}"
line = 17
[linkage.horn]
kind = "audible"
times = 1
"""
    site, log = site_with(tmp_path, signals, '["lamp", "horn"]'), tmp_path / "log"
    good("run", "--site", site, "--log", log, "--speed", "max", "--until-end")
    assert lines.read_text() == "17 on\n17 off\n"
    assert facts(log, "ActionFinished", "linkage.horn")
    assert "replay: identical" in good("replay", log, "--verify")
