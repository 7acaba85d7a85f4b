"""The settings of each kind of linkage, defaults filled in. Secrets are never in them, but in files outside the log.

Where `channels` is empty, the channel that raised the alarm is meant. `pictures` and `video` say what goes along.
`overlay` is drawn on pictures, `video_overlay` on clips, and `palette` gives thermal ones their colours.
`cool_down_ns` is the least time between two notices, `life_sign_ns` that between two signs of life (0: none).
"""

from typing import Literal, get_args

import msgspec

OverlayPart = Literal["box", "trajectory", "rule", "size"]
OVERLAY: tuple[OverlayPart, ...] = get_args(OverlayPart)
"""All that can be drawn on a picture: the target's box, its way, the rule, and at the box its class and size."""
PaletteName = Literal["ember", "white_hot", "black_hot", "red_hot", "rainbow"]


class AlarmOutput(msgspec.Struct, frozen=True):
    """A relay; its number and delay are fields of `Linkage`. With a `chip` it is that chip's line of this number,
    with `camera:` and a channel the alarm output of that channel's camera."""

    chip: str = ""


class Record(msgspec.Struct, frozen=True):
    """Record these channels."""

    channels: tuple[str, ...]


class Capture(msgspec.Struct, frozen=True):
    """Take `count` pictures of these channels, `interval_ns` apart."""

    channels: tuple[str, ...]
    format: Literal["jpeg", "png"]
    quality: int
    count: int
    interval_ns: int
    overlay: tuple[OverlayPart, ...]
    palette: PaletteName = "ember"


class Video(msgspec.Struct, frozen=True):
    """A clip of a channel: 0 (none), 3, 5 or 7 seconds around the alarm."""

    channel: str
    seconds: int


class Email(msgspec.Struct, frozen=True):
    """`images` gives the number of pictures a channel; `user` empty means no authentication."""

    server: str
    port: int
    encryption: Literal["tls", "starttls", "none"]
    user: str
    password_file: str
    sender: str
    to: tuple[str, ...]
    images: tuple[tuple[str, int], ...]
    image_interval_ns: int
    video: Video | None
    ca_file: str = ""
    cool_down_ns: int = 60_000_000_000
    overlay: tuple[OverlayPart, ...] = OVERLAY
    video_overlay: tuple[OverlayPart, ...] = ()
    palette: PaletteName = "ember"


class Ftp(msgspec.Struct, frozen=True):
    """`user` empty means anonymous. `tls` is FTP that turns to TLS (AUTH TLS), `implicit` begins with it."""

    server: str
    port: int
    user: str
    password_file: str
    directory: str
    pictures: bool
    video: bool
    encryption: Literal["tls", "implicit", "none"] = "tls"
    ca_file: str = ""
    cool_down_ns: int = 0
    overlay: tuple[OverlayPart, ...] = OVERLAY
    video_overlay: tuple[OverlayPart, ...] = ()
    palette: PaletteName = "ember"


class Sftp(msgspec.Struct, frozen=True):
    """One of `password_file` and `key_file` is not empty."""

    server: str
    port: int
    user: str
    password_file: str
    key_file: str
    known_hosts: str
    directory: str
    pictures: bool
    video: bool
    cool_down_ns: int = 0
    overlay: tuple[OverlayPart, ...] = OVERLAY
    video_overlay: tuple[OverlayPart, ...] = ()
    palette: PaletteName = "ember"


class Nas(msgspec.Struct, frozen=True):
    """`share` is the SMB share's name, the exported NFS path, or with `local` a directory of this machine.

    `mount` is where this machine has mounted the NFS path.
    """

    protocol: Literal["smb", "nfs", "local"]
    server: str
    share: str
    user: str
    password_file: str
    directory: str
    pictures: bool
    video: bool
    mount: str = ""
    port: int = 445
    cool_down_ns: int = 0
    overlay: tuple[OverlayPart, ...] = OVERLAY
    video_overlay: tuple[OverlayPart, ...] = ()
    palette: PaletteName = "ember"


class Http(msgspec.Struct, frozen=True):
    """An alarm server; `ca_file` empty means the system's certificates. A bearer token stands in `password_file`."""

    url: str
    user: str
    password_file: str
    ca_file: str
    format: Literal["json", "xml"]
    timeout_ns: int
    pictures: bool
    auth: Literal["digest", "basic", "bearer"] = "digest"
    life_sign_ns: int = 0
    overlay: tuple[OverlayPart, ...] = OVERLAY
    palette: PaletteName = "ember"


class Notify(msgspec.Struct, frozen=True):
    """Tell the surveillance centres that listen to the live feed, a ZeroMQ PUB socket at `listen` (host:port)."""

    pictures: bool
    listen: str = "127.0.0.1:8552"
    life_sign_ns: int = 10_000_000_000
    overlay: tuple[OverlayPart, ...] = OVERLAY
    palette: PaletteName = "ember"


class Mqtt(msgspec.Struct, frozen=True):
    """A broker and the topic under which alarms are published.

    `discovery` is the prefix under which Home Assistant looks for devices; empty means that it is told nothing.
    """

    server: str
    port: int
    tls: bool
    user: str
    password_file: str
    topic: str
    qos: int
    retain: bool
    ca_file: str = ""
    discovery: str = "homeassistant"
    life_sign_ns: int = 0


class Audible(msgspec.Struct, frozen=True):
    """`file` empty means the built-in warning; played `times` times."""

    file: str
    times: int
    volume: int


class Light(msgspec.Struct, frozen=True):
    """The white light: `frequency` counts where it flashes. `chip` and `line` are what switches it, if anything."""

    mode: Literal["flashing", "solid"]
    frequency: Literal["low", "medium", "high"]
    duration_ns: int
    brightness: int
    chip: str = ""
    line: int = 0


LinkageSettings = AlarmOutput | Record | Capture | Email | Ftp | Sftp | Nas | Http | Notify | Mqtt | Audible | Light
