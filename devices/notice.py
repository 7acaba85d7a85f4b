"""What an output is given to deliver: a directory with `notice.json` and the files that go along.

The daemon writes it whole before a driver hears of it, and removes it once it is delivered. So what is still there
after a crash is still to be delivered, under the same key.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kernel.durable import write_durably

NOTICE_NAME = "notice.json"
MAX_FILES = 64
MAX_NOTICE_BYTES = 1024 * 1024
MAX_FILE_BYTES = 256 * 1024 * 1024

FileName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")]


class BadNotice(Exception):
    """A directory holds no notice that can be delivered; the message says why."""


class Attachment(msgspec.Struct, frozen=True):
    """A file of a notice, and what it shows.

    `name` is the file in the notice's directory. `first` and `last` are the local times of the first and last frame,
    `frames` how many there are. `frame_digests` are the SHA-256 of the stored payloads that it was made of, as the
    event log has them; `sha256` is that of the file itself.
    """

    name: FileName
    what: Literal["picture", "clip", "lossless"]
    media_type: str
    channel: str
    first: str
    last: str
    frames: int
    bytes: int
    sha256: str
    frame_digests: tuple[str, ...] = ()


class Notice(msgspec.Struct, frozen=True):
    """Something that happened, told once. A notice that arrives twice has the same `key`.

    `event` is the kind of the event in the log and `seq` its number there; `state` is `active` where it began or goes
    on, `inactive` where it ended. `time` is local to the site (`+12.345 s` since the session began where civil time is
    not known), `utc` the same moment in UTC or empty. `box` is x, y, width, height in fractions of the frame. `missing`
    says which files could not be made, and why. `also` are further alarms that this notice stands for.
    """

    key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{24}$")]
    event: str
    state: Literal["active", "inactive"]
    site: str
    output: str
    seq: int
    time: str
    utc: str
    summary: str
    channel: str = ""
    channel_number: int = 1
    rule: str = ""
    type: str = ""
    target: str = ""
    ordinal: int = 0
    detail: str = ""
    box: tuple[float, float, float, float] | None = None
    attachments: Annotated[tuple[Attachment, ...], msgspec.Meta(max_length=MAX_FILES)] = ()
    missing: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    version: int = 1


class Raiser(msgspec.Struct, frozen=True):
    """A rule or detector that raises alarms; `channel` is empty for what is of no channel."""

    id: str
    name: str
    channel: str


class Envelope(msgspec.Struct, frozen=True):
    """What the daemon knows of an output: the settings of its kind, and where relative paths in them begin.

    `raisers` are all that may set it off, `site` is the site's name.
    """

    kind: str
    base: str
    settings: msgspec.Raw
    site: str = ""
    raisers: tuple[Raiser, ...] = ()


def write_notice(directory: Path, notice: Notice) -> None:
    """Put the notice into a directory that holds its files; durable when this returns. Raises `OSError`."""
    write_durably(directory / NOTICE_NAME, msgspec.json.encode(notice))


def read_notice(directory: Path) -> Notice:
    """The notice in a directory. Raises `BadNotice` where there is none, or a file of it is missing or has changed."""
    path = directory / NOTICE_NAME
    try:
        if path.stat().st_size > MAX_NOTICE_BYTES:
            raise BadNotice(f"{path} is larger than {MAX_NOTICE_BYTES} bytes")
        notice = msgspec.json.decode(path.read_bytes(), type=Notice)
        for attachment in notice.attachments:
            size = (directory / attachment.name).stat().st_size
            if size != attachment.bytes or size > MAX_FILE_BYTES:
                raise BadNotice(f"{attachment.name} has {size} bytes, not {attachment.bytes}")
    except OSError as error:
        raise BadNotice(f"{error.filename}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise BadNotice(f"{path}: {error}") from None
    return notice


def attach(path: Path, what: Literal["picture", "clip", "lossless"], media_type: str, **shown: object) -> Attachment:
    """Describe a file that was just written; `shown` are the fields that say what it shows."""
    data = path.read_bytes()
    fields = {"name": path.name, "what": what, "media_type": media_type, "bytes": len(data), **shown}
    return msgspec.convert({**fields, "sha256": hashlib.sha256(data).hexdigest()}, Attachment)
