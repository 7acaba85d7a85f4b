"""What the values of linkages may be, and what of a linkage must go together."""

import re
from typing import Any

from kernel.site.checks import Choice, list_of, one_number_of, text
from kernel.site.fields import Check, Refused, Table, Value, as_table
from kernel.site.linkage_model import OVERLAY, OverlayPart, Video
from kernel.site.names import Names
from kernel.site.problems import did_you_mean, quote

PLACEHOLDERS = ("site", "channel", "rule", "date", "hour")
EMAIL_PORTS = {"tls": 465, "starttls": 25, "none": 25}
FTP_PORTS = {"tls": 21, "implicit": 990, "none": 21}
_LOOPBACK = re.compile(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}:(\d{1,5})")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
_URL = re.compile(r"https?://([^/?#\s]+)\S*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def host(value: Value) -> str:
    """A host's name or address, without a port."""
    if not _HOST.fullmatch(text()(value)):
        raise value.refuse("must be a host name or an address", "the port has a key of its own")
    return str(value.raw)


def url(value: Value) -> str:
    """An address of http or https without a user name in it."""
    found = _URL.fullmatch(text()(value))
    if found is None:
        raise value.refuse("must be an address that begins with http:// or https://")
    if "@" in found[1]:
        raise value.refuse("must not hold a user name or password", "use user and password_file")
    return found[0]


def email_address(value: Value) -> str:
    """`name@host`."""
    if not _ADDRESS.fullmatch(text(320)(value)):
        raise value.refuse("must be an e-mail address such as guard@example.org")
    return str(value.raw)


def directory(value: Value) -> str:
    """Where uploaded files go: a relative path with placeholders."""
    path = _pattern(value)
    if path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise value.refuse("must be a path below the server's directory, parts separated by /")
    return path


def topic(value: Value) -> str:
    """An MQTT topic with placeholders."""
    name = _pattern(value)
    if "#" in name or "+" in name or len(name.encode()) > 65535:
        raise value.refuse("must not contain # or +")
    return name


def topic_part(value: Value) -> str:
    """The beginning of an MQTT topic, or nothing."""
    if value.raw == "":
        return ""
    name = text(64)(value)
    if not re.fullmatch(r"[A-Za-z0-9_/-]+", name):
        raise value.refuse("must be letters, digits, '_', '-' and '/', or empty")
    return name


def loopback(value: Value) -> str:
    """An address of this machine alone, with a port."""
    found = _LOOPBACK.fullmatch(text()(value))
    if found is None or not 1 <= int(found[1]) <= 65535:
        raise value.refuse("must be an address of this machine with a port, such as 127.0.0.1:8552")
    return str(value.raw)


def _pattern(value: Value) -> str:
    pattern = text(256)(value)
    rest = _PLACEHOLDER.sub(lambda m: "" if m[1] in PLACEHOLDERS else m[0], pattern)
    if "{" in rest or "}" in rest:
        raise value.refuse("may have these in braces: " + ", ".join("{" + p + "}" for p in PLACEHOLDERS))
    return pattern


_PARTS = list_of(Choice[OverlayPart](*OVERLAY))


def overlay(value: Value) -> tuple[OverlayPart, ...]:
    """What is drawn on a picture: some of the parts, or `true` for all and `false` for none."""
    if isinstance(value.raw, bool):
        return OVERLAY if value.raw else ()
    return _PARTS(value)


def images(names: Names) -> Check[tuple[tuple[str, int], ...]]:
    """How many pictures of each channel: `{ thermal = 1, optical = 3 }`."""
    count = one_number_of(0, 1, 3)

    def check(value: Value) -> tuple[tuple[str, int], ...]:
        table = as_table(value)
        counts: list[tuple[str, int]] = []
        for channel in table.names():
            if channel not in names.kinds:
                _no_channel(table, channel, names)
                continue
            taken = table.take(channel, count, None)
            if taken is not None:
                counts.append((channel, taken))
        if len(counts) < len(table.names()):
            raise Refused("noted channel by channel")
        return tuple(counts)

    return check


def _no_channel(table: Table, channel: str, names: Names) -> None:
    hint = did_you_mean(channel, names.kinds, list_known=True)
    table.error_at(channel, f"there is no channel {quote(channel)}", hint)


def video(names: Names) -> Check[Video]:
    """A clip: `{ channel = "optical", seconds = 5 }`."""

    def check(value: Value) -> Video:
        table = as_table(value)
        channel = table.need("channel", names.channel)
        length = table.need("seconds", one_number_of(0, 3, 5, 7))
        table.close()
        if channel is None or length is None:
            raise Refused("noted key by key")
        return Video(channel, length)

    return check


def settle_email(table: Table, values: dict[str, Any]) -> None:
    """Ports follow the encryption; without a server and addresses nothing can be sent."""
    if values["port"] is None:
        values["port"] = EMAIL_PORTS[values["encryption"]]
    missing = [name for name in ("server", "from", "to") if name not in table]
    if missing:
        table.warn(f"nothing can be sent without {_listed(missing)}")
    if values["encryption"] == "none":
        table.warn("e-mail goes out in clear text", "encryption")
    _check_login(table)


def settle_ftp(table: Table, values: dict[str, Any]) -> None:
    """Without a user the login is anonymous. The port follows the encryption."""
    if values["port"] is None:
        values["port"] = FTP_PORTS[values["encryption"]]
    if values["encryption"] == "none":
        table.warn("files and the password go out in clear text", "encryption")
    _check_login(table)


def settle_sftp(table: Table, values: dict[str, Any]) -> None:
    """SFTP knows no anonymous login."""
    if ("password_file" in table) == ("key_file" in table):
        table.error("must have one of 'password_file' and 'key_file'")


def settle_nas(table: Table, values: dict[str, Any]) -> None:
    """NFS and local directories know no login."""
    protocol = values["protocol"]
    for name in ("user", "password_file", "port"):
        if protocol != "smb" and name in table:
            table.error_at(name, "is for smb only")
    if protocol == "smb":
        _check_login(table)
    if protocol != "local" and "server" not in table:
        table.error("must have a 'server'")
    if protocol == "nfs" and "mount" not in table:
        table.error("must have 'mount', the directory at which this machine has mounted the share")
    if protocol != "nfs" and "mount" in table:
        table.error_at("mount", "is for nfs only")


def settle_http(table: Table, values: dict[str, Any]) -> None:
    """A bearer token needs no user, the others do."""
    if values["auth"] != "bearer":
        _check_login(table)
    elif "user" in table or "password_file" not in table:
        table.error_at("auth", "bearer takes a token in password_file, and no user")


def settle_mqtt(table: Table, values: dict[str, Any]) -> None:
    """The port follows from encryption."""
    if values["port"] is None:
        values["port"] = 8883 if values["tls"] else 1883
    _check_login(table)


def _check_login(table: Table) -> None:
    if "password_file" in table and "user" not in table:
        table.error_at("password_file", "needs a user")
    elif "user" in table and "password_file" not in table:
        table.error_at("user", "needs a password_file")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
