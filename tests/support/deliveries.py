"""Notices as the daemon hands them to drivers, and drivers that are given them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from devices.host import DriverHost, DriverSpec
from devices.notice import Attachment, Envelope, Notice, attach, write_notice
from devices.reports import ActionAnswered, WentOnline
from devices.testing import gather, seen
from kernel.events import ActionRequested
from kernel.site.linkage_model import LinkageSettings

KEY = "0123456789abcdef01234567"
PICTURE = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
HOSTILE = "a\"b'c\r\nBcc: x@example.org\r\n\r\n<x>&amp;</x>/../../../etc/passwd\x00\x1b]0;"
"""What a name may be at its worst."""


def notice(key: str = KEY, **changed: object) -> Notice:
    """An alarm of the rule gate."""
    whole = Notice(
        key=key,
        event="AlarmRaised",
        state="active",
        site="North fence",
        output="out",
        seq=1234,
        time="2026-03-01 02:00:04.125+01:00",
        utc="2026-03-01T01:00:04.125Z",
        summary="gate #3: line crossing, A to B, target human, on thermal",
        channel="thermal",
        rule="gate",
        type="line_crossing",
        target="human",
        ordinal=3,
        detail="a_to_b",
        box=(0.25, 0.5, 0.125, 0.25),
    )
    return msgspec.structs.replace(whole, **changed)


def hostile() -> Notice:
    """A notice all of whose words are hostile."""
    words = ("site", "output", "summary", "channel", "rule", "type", "target", "detail", "time", "event")
    return notice(**dict.fromkeys(words, HOSTILE))


def parcel(where: Path, one: Notice | None = None, picture: bytes | None = PICTURE) -> Path:
    """A notice's directory, with a picture unless it is None."""
    one = one or notice()
    directory = where / f"notice-{one.key}"
    directory.mkdir(parents=True)
    attachments: list[Attachment] = []
    if picture is not None:
        path = directory / "thermal-at.jpg"
        path.write_bytes(picture)
        shown = {"channel": "thermal", "first": one.time, "last": one.time, "frames": 1, "frame_digests": ("00" * 32,)}
        attachments.append(attach(path, "picture", "image/jpeg", **shown))
    write_notice(directory, msgspec.structs.replace(one, attachments=(*one.attachments, *attachments)))
    return directory


def settings_file(where: Path, kind: str, settings: LinkageSettings) -> Path:
    path = where / "settings.json"
    path.write_bytes(msgspec.json.encode(Envelope(kind, str(where), msgspec.Raw(msgspec.json.encode(settings)))))
    return path


def secret_file(where: Path, secret: str, mode: int = 0o600) -> str:
    """A file that holds the secret; its name, relative to `where`."""
    path = where / "password"
    path.write_text(secret + "\n")
    path.chmod(mode)
    return path.name


class Output:
    """A driver under test: `deliver` hands it a notice and waits for its answer."""

    def __init__(self, where: Path, kind: str, module: str, host: DriverHost) -> None:
        self._where = where
        self._kind = kind
        self._ordinal = 0
        self.driver = f"linkage.{kind}"
        self.host = host

    def request(self, directory: Path, settings: LinkageSettings) -> ActionRequested:
        self._ordinal += 1
        path = settings_file(self._where, self._kind, settings)
        words = {"notice": str(directory), "settings": str(path)}
        return ActionRequested("out", self._ordinal, self._kind, "deliver", words)

    def ask(self, request: ActionRequested, timeout_s: float = 60.0) -> ActionAnswered:
        self.host.act(self.driver, request, 90.0)
        answer = gather(self.host, seen(ActionAnswered), timeout_s)[-1]
        assert isinstance(answer, ActionAnswered)
        return answer

    def deliver(self, directory: Path, settings: LinkageSettings, timeout_s: float = 60.0) -> ActionAnswered:
        return self.ask(self.request(directory, settings), timeout_s)


@contextmanager
def running(where: Path, kind: str, module: str) -> Iterator[Output]:
    """The driver `devices.drivers.MODULE`, running."""
    with DriverHost([DriverSpec(f"linkage.{kind}", f"devices.drivers.{module}")]) as host:
        gather(host, seen(WentOnline))
        yield Output(where, kind, module, host)
