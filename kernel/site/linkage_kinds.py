"""The kinds of linkage in one table: what each takes, what that may be, and what holds where it is not said."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from kernel.site.checks import Choice, flag, list_of, one_number_of, seconds, text, whole
from kernel.site.fields import Check, Table
from kernel.site.linkage_checks import (
    directory,
    email_address,
    host,
    images,
    loopback,
    overlay,
    settle_email,
    settle_ftp,
    settle_http,
    settle_mqtt,
    settle_nas,
    settle_sftp,
    topic,
    topic_part,
    url,
    video,
)
from kernel.site.linkage_model import (
    OVERLAY,
    AlarmOutput,
    Audible,
    Capture,
    Email,
    Ftp,
    Http,
    Light,
    LinkageSettings,
    Mqtt,
    Nas,
    Notify,
    PaletteName,
    Record,
    Sftp,
)
from kernel.site.names import Names
from kernel.site.vca import SECOND_NS

NEEDED = object()
"""The default of a key that must be there."""
PATTERN = "{site}/{channel}/{date}"
"""Where uploaded files go."""


class Key(msgspec.Struct, frozen=True):
    """A key of a kind; `field` is its name in the settings where that differs."""

    check: Check[Any]
    default: object = NEEDED
    field: str = ""


class Kind(msgspec.Struct, frozen=True):
    """A kind of linkage. `settle` notes what does not go together, and fills in defaults that depend on other keys."""

    settings: type[LinkageSettings]
    keys: dict[str, Key]
    settle: Callable[[Table, dict[str, Any]], None] | None = None


_PORT = whole(1, 65535)
_FILE = Key(text(), "")
_YES, _NO = Key(flag, True), Key(flag, False)
_COOL_DOWN = seconds(0, 3600)
_PALETTE = Key(Choice[PaletteName](*get_args(PaletteName)), "ember")
_LOOK = {"overlay": Key(overlay, OVERLAY), "palette": _PALETTE}
_VIDEO_LOOK = {**_LOOK, "video_overlay": Key(overlay, ())}
_UPLOAD = {
    "directory": Key(directory, PATTERN),
    "pictures": _YES,
    "video": _NO,
    "cool_down": Key(_COOL_DOWN, 0, "cool_down_ns"),
    **_VIDEO_LOOK,
}
_LIFE_SIGN = Key(seconds(0, 3600), 0, "life_sign_ns")


def linkage_kinds(names: Names) -> dict[str, Kind]:
    """The table, for a site with these channels."""
    return {**_local(names), **_email(names), **_uploads(), **_servers(), **_signals()}


def _local(names: Names) -> dict[str, Kind]:
    channels = Key(names.channels, ())
    return {
        "alarm_output": Kind(AlarmOutput, {"chip": _FILE}),
        "record": Kind(Record, {"channels": channels}),
        "capture": Kind(
            Capture,
            {
                "channels": channels,
                "format": Key(Choice[str]("jpeg", "png"), "jpeg"),
                "quality": Key(whole(1, 100), 90),
                "count": Key(whole(1, 120), 1),
                "interval": Key(seconds("0.1", 3600), SECOND_NS, "interval_ns"),
                **_LOOK,
            },
        ),
    }


def _email(names: Names) -> dict[str, Kind]:
    return {
        "email": Kind(
            Email,
            {
                "server": Key(host, ""),
                "port": Key(_PORT, None),
                "encryption": Key(Choice[str]("tls", "starttls", "none"), "tls"),
                "user": Key(text(), ""),
                "password_file": _FILE,
                "from": Key(email_address, "", "sender"),
                "to": Key(list_of(email_address, low=1, high=32), ()),
                "images": Key(images(names), ()),
                "image_interval": Key(seconds("0.1", 60), SECOND_NS, "image_interval_ns"),
                "video": Key(video(names), None),
                "ca_file": _FILE,
                "cool_down": Key(_COOL_DOWN, 60 * SECOND_NS, "cool_down_ns"),
                **_VIDEO_LOOK,
            },
            settle_email,
        ),
    }


def _uploads() -> dict[str, Kind]:
    return {
        "ftp": Kind(
            Ftp,
            {
                "server": Key(host),
                "port": Key(_PORT, None),
                "encryption": Key(Choice[str]("tls", "implicit", "none"), "tls"),
                "user": Key(text(), ""),
                "password_file": _FILE,
                "ca_file": _FILE,
                **_UPLOAD,
            },
            settle_ftp,
        ),
        "sftp": Kind(
            Sftp,
            {
                "server": Key(host),
                "port": Key(_PORT, 22),
                "user": Key(text()),
                "password_file": _FILE,
                "key_file": _FILE,
                "known_hosts": _FILE,
                **_UPLOAD,
            },
            settle_sftp,
        ),
        "nas": Kind(
            Nas,
            {
                "protocol": Key(Choice[str]("smb", "nfs", "local"), "smb"),
                "server": Key(host, ""),
                "port": Key(_PORT, 445),
                "mount": Key(text(), ""),
                "share": Key(text()),
                "user": Key(text(), ""),
                "password_file": _FILE,
                **_UPLOAD,
            },
            settle_nas,
        ),
    }


def _servers() -> dict[str, Kind]:
    return {
        "http": Kind(
            Http,
            {
                "url": Key(url),
                "user": Key(text(), ""),
                "password_file": _FILE,
                "ca_file": _FILE,
                "format": Key(Choice[str]("json", "xml"), "json"),
                "timeout": Key(seconds(1, 60), 10 * SECOND_NS, "timeout_ns"),
                "pictures": _YES,
                "auth": Key(Choice[str]("digest", "basic", "bearer"), "digest"),
                "life_sign": _LIFE_SIGN,
                **_LOOK,
            },
            settle_http,
        ),
        "notify": Kind(
            Notify,
            {
                "pictures": _YES,
                "listen": Key(loopback, "127.0.0.1:8552"),
                "life_sign": Key(seconds(1, 3600), 10 * SECOND_NS, "life_sign_ns"),
                **_LOOK,
            },
        ),
        "mqtt": Kind(
            Mqtt,
            {
                "server": Key(host),
                "port": Key(_PORT, None),
                "tls": _YES,
                "user": Key(text(), ""),
                "password_file": _FILE,
                "topic": Key(topic, "emberline/{site}/{channel}"),
                "qos": Key(one_number_of(0, 1, 2), 1),
                "retain": _NO,
                "ca_file": _FILE,
                "discovery": Key(topic_part, "homeassistant"),
                "life_sign": _LIFE_SIGN,
            },
            settle_mqtt,
        ),
    }


def _signals() -> dict[str, Kind]:
    return {
        "audible": Kind(Audible, {"file": _FILE, "times": Key(whole(1, 50), 5), "volume": Key(whole(0, 100), 50)}),
        "light": Kind(
            Light,
            {
                "mode": Key(Choice[str]("flashing", "solid"), "flashing"),
                "frequency": Key(Choice[str]("low", "medium", "high"), "medium"),
                "duration": Key(seconds(1, 3600), 10 * SECOND_NS, "duration_ns"),
                "brightness": Key(whole(1, 100), 50),
                "chip": _FILE,
                "line": Key(whole(0, 1023), 0),
            },
        ),
    }
