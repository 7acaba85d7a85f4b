"""Which driver processes a site needs."""

from pathlib import Path

from devices.process import DriverSpec
from devices.recordings.address import parse_address
from emberline.civil import read_time
from emberline.delivery.settings import DRIVER_PREFIX
from emberline.driver_facts import CONTACTS, OUTPUTS
from emberline.errors import Unusable
from kernel.schedule import zone_info
from kernel.site.camera import CAMERA, RADIOMETRIC, interface_of, thermal_channel_of
from kernel.site.channels import NETWORK_SCHEMES
from kernel.site.linkage_model import AlarmOutput, Audible, Light
from kernel.site.model import Channel, Contacts, Linkage, Site

PLAYBACK = "devices.drivers.playback"
RELAY = "devices.drivers.alarm_output"
VIDEO4LINUX = "devices.drivers.video4linux"
GPIO = "devices.drivers.contacts"
RADIOMETRIC_CAMERA = "devices.drivers.radiometric"
CAMERA_INPUTS = "devices.drivers.camera_inputs"
CAMERA_OUTPUT = "devices.drivers.camera_output"
DOORMAN = "devices.drivers.doorman"
LIGHT = "devices.drivers.white_light"
SOUND = "devices.drivers.sound"
STREAM = "devices.drivers.stream"
DELIVERIES = {
    "email": "devices.drivers.mail",
    "ftp": "devices.drivers.ftp_upload",
    "http": "devices.drivers.alarm_server",
    "mqtt": "devices.drivers.mqtt_broker",
    "nas": "devices.drivers.nas_share",
    "notify": "devices.drivers.live_feed",
    "sftp": "devices.drivers.sftp_upload",
}
"""The kinds of linkage that deliver notices, and the driver of each."""
PLAYED = ("file", "sim")
"""The schemes of sources that the playback driver knows."""
DRIVEN = (*PLAYED, *NETWORK_SCHEMES, "v4l2", "zmq")


def specs_of(site: Site, base: Path) -> list[DriverSpec]:
    """A driver for each channel, one for the relays if there are any, and one for each light and sound.

    Those of outputs that deliver notices are the courier's.

    `base` is the directory of the site file, where relative paths of secrets begin.

    Raises `Unusable` for a source that no driver of this version can open.
    """
    specs = [_camera(channel, base.resolve()) for channel in site.channels]
    if site.contacts is not None:
        specs.append(_contacts(site, site.contacts, base.resolve()))
    signals = {spec.id: spec for link in site.linkages if (spec := signal_spec(site, link, base.resolve()))}
    return [*specs, *signals.values()]


def signal_spec(site: Site, link: Linkage, base: Path) -> DriverSpec | None:
    """The driver of a relay (one for all of the site), a light or a sound; None for other kinds."""
    match link.settings:
        case AlarmOutput(chip=chip) if chip.startswith(CAMERA):
            return DriverSpec(DRIVER_PREFIX + link.id, CAMERA_OUTPUT, _camera_words(site, chip, base))
        case AlarmOutput():
            relays = [(other.number, other.settings) for other in site.linkages]
            chips = [f"{n}={one.chip}" for n, one in relays if isinstance(one, AlarmOutput) and _is_gpio(one.chip)]
            return DriverSpec(OUTPUTS, RELAY, tuple(word for chip in chips for word in ("--relay", chip)))
        case Light(chip=chip, line=line):
            known = ("--chip", chip, "--line", str(line)) if chip else ()
            return DriverSpec(DRIVER_PREFIX + link.id, LIGHT, known)
        case Audible():
            return DriverSpec(DRIVER_PREFIX + link.id, SOUND, ("--base", str(base)))
        case _:
            return None


def _is_gpio(chip: str) -> bool:
    return bool(chip) and not chip.startswith(CAMERA)


def is_live(channel: Channel) -> bool:
    """Whether the channel's source is a camera, which cannot be read faster than it sends."""
    return channel.source.partition(":")[0] not in PLAYED


def _camera(channel: Channel, base: Path) -> DriverSpec:
    scheme = channel.source.partition(":")[0]
    if scheme == RADIOMETRIC:
        return DriverSpec(channel.id, RADIOMETRIC_CAMERA, _radiometric_words(channel, base))
    if scheme in NETWORK_SCHEMES:
        return DriverSpec(channel.id, STREAM, _network_words(channel, base))
    if scheme == "v4l2":
        return DriverSpec(channel.id, VIDEO4LINUX, (channel.source.removeprefix("v4l2:"),))
    if scheme == "zmq":
        keys = ("--keys", str(base / channel.keys)) if channel.keys else ()
        return DriverSpec(channel.id, DOORMAN, (channel.source.removeprefix("zmq:"), channel.id, *keys))
    if scheme not in PLAYED:
        allowed = ", ".join(f"{s}:" for s in DRIVEN)
        raise Unusable(f"channel.{channel.id}.source = {channel.source!r}: this version has drivers for {allowed} only")
    rate = () if channel.fps is None else ("--fps", repr(channel.fps))
    return DriverSpec(channel.id, PLAYBACK, (channel.source, *rate))


def _contacts(site: Site, contacts: Contacts, base: Path) -> DriverSpec:
    """The driver of the alarm inputs: at a camera, or at a GPIO chip."""
    wired = tuple(f"{number}={line}" for number, line in contacts.lines)
    if contacts.chip.startswith(CAMERA):
        return DriverSpec(CONTACTS, CAMERA_INPUTS, (*_camera_words(site, contacts.chip, base), *wired))
    return DriverSpec(CONTACTS, GPIO, (contacts.chip, *wired))


def _camera_words(site: Site, place: str, base: Path) -> tuple[str, ...]:
    """Where the HTTP interface of the camera that `camera:CHANNEL` names is."""
    channel = site.channel(place.removeprefix(CAMERA))
    assert channel is not None, "the site file was checked"
    return _interface_words(channel, base)


def _interface_words(channel: Channel, base: Path) -> tuple[str, ...]:
    login = ("--user", channel.user, "--password-file", channel.password_file) if channel.user else ()
    trusted = ("--ca-file", channel.ca_file) if channel.ca_file else ()
    return (interface_of(channel), "--base", str(base), *login, *trusted)


def _radiometric_words(channel: Channel, base: Path) -> tuple[str, ...]:
    rate = () if channel.fps is None else ("--fps", repr(channel.fps))
    return (*_interface_words(channel, base), "--channel", str(thermal_channel_of(channel)), *rate)


def _network_words(channel: Channel, base: Path) -> tuple[str, ...]:
    """The driver's arguments: where the password is, never what it is."""
    login = ("--user", channel.user, "--password-file", channel.password_file) if channel.user else ()
    transport = ("--transport", channel.transport) if channel.source.startswith("rtsp:") else ()
    return (channel.source, "--base", str(base), *login, *transport)


def known_start_ns(site: Site) -> int | None:
    """The civil time (ns since 1970, UTC) at which the sources say their first frame was taken (`?start=ISO`)."""
    zone = zone_info(site.timezone)
    starts = [parse_address(channel.source).options.get("start") for channel in site.channels if not is_live(channel)]
    return min((read_time(start, zone) for start in starts if start), default=None)
