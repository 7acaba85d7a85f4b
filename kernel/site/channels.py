"""Reading `[[channel]]` with its VCA defaults, motion, tampering and scene change."""

import re
from typing import Literal, get_args

from kernel.site.camera import RADIOMETRIC, http_address, radiometric
from kernel.site.checks import Choice, flag, identifier, list_of, name, rate, text, whole
from kernel.site.fields import Check, Table, Value
from kernel.site.geometry import polygon
from kernel.site.model import ALWAYS, Channel, ChannelKind, Polygon, SceneChange, Tamper
from kernel.site.motion import read_motion
from kernel.site.names import Names
from kernel.site.perspective import read_perspective
from kernel.site.problems import did_you_mean
from kernel.site.recogniser import read_recogniser
from kernel.site.vca import BACKGROUND, Vca, read_vca, settle_vca

MAX_CHANNELS = 64
MAX_SNAPSHOTS_A_SECOND = 25
_SECRET = re.compile("//[^/@]*:[^/]*@")
_DOOR = re.compile(r"tcp://[^/\s]+:\d{1,5}|ipc:///[^\s]{1,80}")
_HOST_AFTER = re.compile(r"//[^/?#\s]+")
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")
"""Sources that are a camera's video."""
NETWORK_SCHEMES = (*STREAM_SCHEMES, RADIOMETRIC)
"""Sources that take a user and a password file."""
SCHEMES = ("file", *NETWORK_SCHEMES, "v4l2", "sim", "zmq")
Transport = Literal["tcp", "udp"]
TRANSPORT = Choice[Transport](*get_args(Transport))
KIND = Choice[ChannelKind](*get_args(ChannelKind))
PRIVACY_MASK: Check[tuple[Polygon, ...]] = list_of(polygon, high=4)
SENSITIVITY = whole(0, 100)
DEFAULT_SENSITIVITY = 50


def read_channels(tables: list[Table], names: Names) -> tuple[Channel, ...]:
    return tuple(_read_channel(table, names) for table in tables)


def _read_channel(table: Table, names: Names) -> Channel:
    id = table.need("id", identifier) or ""
    kind = table.need("kind", KIND)
    source = table.need("source", _source) or ""
    mask = table.take("privacy_mask", PRIVACY_MASK, ())
    vca = _read_vca_defaults(table.table("vca"), thermal=kind == "thermal")
    channel = Channel(
        id=id,
        kind=kind or "thermal",
        source=source,
        fps=table.take("fps", rate, None),
        privacy_mask=mask,
        scene_mode=vca.scene_mode,
        background_interference_suppression=vca.background_interference_suppression,
        single_alarm=vca.single_alarm,
        repeat_interval_ns=vca.repeat_interval_ns,
        shield=vca.shield,
        name=table.take("name", name, id),
        motion=read_motion(table.table("motion"), names, thermal=kind == "thermal"),
        tamper=_read_tamper(table.table("tamper"), names),
        scene_change=_read_scene_change(table.table("scene_change"), names),
        user=table.take("user", text(128), ""),
        password_file=table.take("password_file", text(), ""),
        transport=table.take("transport", TRANSPORT, None) or "tcp",
        keys=table.take("keys", text(), ""),
        ca_file=table.take("ca_file", text(), ""),
        interface=table.take("interface", http_address, ""),
        recogniser=read_recogniser(table.table("recogniser")),
        perspective=read_perspective(table.table("perspective")),
    )
    _check_network(table, source, channel.fps)
    table.close()
    return channel


def _check_network(table: Table, source: str, fps: float | None) -> None:
    """A login is for network cameras, and goes with its password; a transport is for RTSP; tcp:// takes keys."""
    scheme = source.partition(":")[0]
    for key in ("user", "password_file"):
        if key in table and scheme not in NETWORK_SCHEMES and "interface" not in table:
            table.error_at(key, f"is for {', '.join(s + ':' for s in NETWORK_SCHEMES)} and 'interface' only")
    if "interface" in table and scheme == RADIOMETRIC:
        table.error_at("interface", f"is the source itself where that is {RADIOMETRIC}:")
    if scheme == RADIOMETRIC and "fps" in table and (fps or 0) > MAX_SNAPSHOTS_A_SECOND:
        table.error_at("fps", f"must be at most {MAX_SNAPSHOTS_A_SECOND} for {RADIOMETRIC}:")
    if "ca_file" in table and scheme != RADIOMETRIC and "interface" not in table:
        table.error_at("ca_file", f"is for {RADIOMETRIC}: and 'interface' only")
    if "transport" in table and scheme != "rtsp":
        table.error_at("transport", "is for rtsp: only")
    if "keys" in table and not source.startswith("zmq:tcp://"):
        table.error_at("keys", "is for zmq:tcp:// only")
    if source.startswith("zmq:tcp://") and "keys" not in table:
        table.error_at("source", "needs CURVE keys", 'make some with: emberline keys make, and say keys = "…"')
    if ("user" in table) != ("password_file" in table):
        table.error("'user' and 'password_file' go together")


def _source(value: Value) -> str:
    """`scheme:rest`; the rest is the driver's."""
    source = text()(value)
    scheme, colon, rest = source.partition(":")
    if not colon or scheme not in SCHEMES:
        allowed = [s + ":" for s in SCHEMES]
        hint = did_you_mean(scheme + colon, allowed) if colon else 'a file is "file:" and its path'
        raise value.refuse(f"must begin with one of {', '.join(allowed)}", hint)
    if not rest.strip():
        raise value.refuse(f"must say what to read after {scheme}:")
    if scheme == "zmq" and not _DOOR.fullmatch(rest):
        raise value.refuse("must be zmq:tcp://ADDRESS:PORT or zmq:ipc:///DIRECTORY")
    if scheme == RADIOMETRIC:
        radiometric(value)
    if scheme in STREAM_SCHEMES and not _HOST_AFTER.match(rest):
        raise value.refuse(f"must name a host, such as {scheme}://camera.example/stream1")
    if _SECRET.search(source):
        warning = "the event log keeps the site file, and so the password in this address; use user and password_file"
        value.notes.warn(value.place, warning)
    return source


def _read_vca_defaults(table: Table | None, thermal: bool) -> Vca:
    if table is None:
        return Vca()
    stated = read_vca(table)
    if thermal and stated.background_interference_suppression is True:
        table.error_at(BACKGROUND, "is not there on a thermal channel")
    table.close()
    return settle_vca(stated, Vca())


def _read_tamper(table: Table | None, names: Names) -> Tamper | None:
    if table is None:
        return None
    tamper = Tamper(
        enabled=table.take("enabled", flag, True),
        sensitivity=table.take("sensitivity", SENSITIVITY, DEFAULT_SENSITIVITY),
        area=table.take("area", _polygon_or_all, None),
        schedule=table.take("schedule", names.schedule, ALWAYS),
        linkage=table.take("linkage", names.linkage, ()),
    )
    table.close()
    return tamper


def _polygon_or_all(value: Value) -> Polygon | None:
    return None if value.raw == [] else polygon(value)


def _read_scene_change(table: Table | None, names: Names) -> SceneChange | None:
    if table is None:
        return None
    scene_change = SceneChange(
        enabled=table.take("enabled", flag, True),
        sensitivity=table.take("sensitivity", SENSITIVITY, DEFAULT_SENSITIVITY),
        schedule=table.take("schedule", names.schedule, ALWAYS),
        linkage=table.take("linkage", names.linkage, ()),
    )
    table.close()
    return scene_change
