"""Very many alarms in a short time, through the daemon, to a mail server and an alarm server."""

import re
import subprocess
import time
from pathlib import Path

import msgspec
import numpy as np

from devices.notice import Notice
from emberline.delivery.notices import KEY_CHARS
from emberline.delivery.outbox import DONE_NAME
from emberline.wiring import read_log
from kernel.events import ActionFailed, ActionFinished, ActionRequested, AlarmRaised
from kernel.log.contract import Selection
from support.daemon import start
from support.mail_server import MailBox, mail_server
from support.receivers import Receiver, receiving
from support.recordings import HEIGHT, WIDTH, cptv

PASS_FRAMES = 54
"""A target every 6 s, at 9 frames a second."""
NAMED = re.compile(r"\b(r\d+) #(\d+)\b")
LINKAGES = """
[linkage.siren]
kind = "alarm_output"
number = 1

[linkage.mail]
kind = "email"
server = "127.0.0.1"
port = {mail}
encryption = "none"
from = "fence@example.org"
to = ["guard@example.org"]
images = {{ thermal = 1 }}
cool_down = 60

[linkage.web]
kind = "http"
url = "http://127.0.0.1:{web}/alarms"
pictures = false
"""
RULE = """
[[rule]]
id = "r{number}"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
duration = 0.5
targets = ["human", "vehicle", "animal", "other"]
linkage = ["siren", "mail", "web"]
"""

Named = list[tuple[str, int]]
"""Alarms by rule and number."""


class Flood(msgspec.Struct, frozen=True):
    """What came of it. `mailed` and `posted` name the alarms as often as they were told; memory in MB."""

    raised: Named
    mailed: Named
    posted: Named
    mails: int
    largest_mail: int
    unanswered: int
    failed: int
    left: int
    took_s: float
    rss_mb: float
    peak_mb: float


def passes(count: int, quiet_frames: int) -> list[np.ndarray]:
    """16-bit frames (72, 96): a warm target of 8×18 px walks through `count` times; then nothing happens any more."""
    rng = np.random.default_rng(1)
    scene = 3000 + rng.integers(0, 60, (HEIGHT, WIDTH))
    out: list[np.ndarray] = []
    for number in range(PASS_FRAMES * count + quiet_frames):
        frame = scene + rng.normal(0, 3, scene.shape).round().astype(int)
        x = -8 + 3 * (number % PASS_FRAMES - 15)
        if -8 < x < WIDTH and number < PASS_FRAMES * count:
            frame[30:48, max(0, x) : max(0, x + 8)] += 150
        out.append(frame.astype(np.uint16))
    return out


def flood(where: Path, targets: int, rules: int, quiet_frames: int, *words: str) -> Flood:
    """Let `targets` targets each set off `rules` rules; `words` are more of the daemon's command line.

    In the quiet frames at the end every alarm comes to its end, and what waits can be delivered.
    """
    source = cptv(where / "a.cptv", passes(targets, quiet_frames))
    with mail_server(None, "", "") as box, receiving(None) as receiver:
        site = where / "site.toml"
        channel = f'[[channel]]\nid = "thermal"\nkind = "thermal"\nsource = "file:{source}"\n'
        told = LINKAGES.format(mail=box.port, web=receiver.port)
        site.write_text(channel + "".join(RULE.format(number=n) for n in range(rules)) + told)
        began_s = time.monotonic()
        daemon = start(site, where / "log", "--until-end", *words)
        rss_mb, peak_mb = _watched(daemon)
        assert daemon.returncode == 0
        return _account(where / "log", box, receiver, time.monotonic() - began_s, (rss_mb, peak_mb))


def _watched(daemon: "subprocess.Popen[str]") -> tuple[float, float]:
    """Wait for the daemon's end: its memory in MB at the first alarm, and the most that it had."""
    assert daemon.stdout is not None
    status = Path(f"/proc/{daemon.pid}/status")
    first = peak = 0.0
    for line in daemon.stdout:
        if "ALARM" in line:
            found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read_text(), re.MULTILINE))
            first, peak = first or int(found.get("VmRSS", 0)) / 1024, int(found.get("VmHWM", 0)) / 1024
    daemon.communicate()
    return first, peak


def _account(log: Path, box: MailBox, receiver: Receiver, took_s: float, memory_mb: tuple[float, float]) -> Flood:
    with read_log(log) as opened:
        events = list(
            opened.read(Selection(kinds=("AlarmRaised", "ActionRequested", "ActionFinished", "ActionFailed")))
        )
    bodies = [event.body for event in events]
    asked = [body for body in bodies if isinstance(body, ActionRequested)]
    texts = [message.get_body().get_content() for _, message in box.messages]
    told = [sorted(set(_named(text))) for text in texts]
    notices = [msgspec.json.decode(body, type=Notice) for _, body in receiver.posts]
    digests = {event.digest.hex()[:KEY_CHARS] for event in events if isinstance(event.body, ActionRequested)}
    assert {notice.key for notice in notices} <= digests
    return Flood(
        raised=sorted((body.rule, body.ordinal) for body in bodies if isinstance(body, AlarmRaised)),
        mailed=sorted(name for names in told for name in names),
        posted=sorted((n.rule, n.ordinal) for n in notices if n.event == "AlarmRaised"),
        mails=len(texts),
        largest_mail=max(map(len, told), default=0),
        unanswered=len(asked) - sum(isinstance(body, ActionFinished | ActionFailed) for body in bodies),
        failed=sum(isinstance(body, ActionFailed) for body in bodies),
        left=sum(not (entry / DONE_NAME).exists() for entry in (log / "outbox").glob("[0-9]*-*")),
        took_s=took_s,
        rss_mb=memory_mb[0],
        peak_mb=memory_mb[1],
    )


def _named(text: str) -> Named:
    return [(rule, int(number)) for rule, number in NAMED.findall(text)]
