"""What the driver host tells the daemon."""

import msgspec

from kernel.media import Packet, Shot

UNKNOWN = "unknown"
"""Stands for the driver where a message came from none that was started."""


class FrameArrived(msgspec.Struct, frozen=True, eq=False):
    """The driver's frame `number` (dense since its start, but for what Lost reported); times are the device's."""

    driver: str
    frame: Shot | Packet
    number: int


class WentOnline(msgspec.Struct, frozen=True):
    """The driver said hello, or has its source back. It sends frames only once `DriverHost.begin` was called, after
    every WentOnline."""

    driver: str
    capabilities: dict[str, str]


class WentOffline(msgspec.Struct, frozen=True):
    """The driver ended unasked, fell silent or lost its source. WentOnline follows when it is back."""

    driver: str
    reason: str


class Faulted(msgspec.Struct, frozen=True):
    """The driver, or what it sent, is not as it should be; it goes on."""

    driver: str
    reason: str


class ContactMoved(msgspec.Struct, frozen=True):
    """The contact of the alarm input with this number closed or opened."""

    driver: str
    number: int
    closed: bool


class Lost(msgspec.Struct, frozen=True):
    """So many of the driver's frames will not arrive; 0 where their number is not known."""

    driver: str
    count: int
    reason: str


class Ended(msgspec.Struct, frozen=True):
    """Nothing more comes from this driver: its source is at its end, or (`error`) it cannot go on."""

    driver: str
    reason: str
    error: bool


class ActionAnswered(msgspec.Struct, frozen=True):
    """The action with this key was carried out (`ok`), refused, or not answered in time.

    `again` says that it may succeed when it is asked for once more.
    """

    output: str
    ordinal: int
    ok: bool
    reason: str
    again: bool = False


class LoginRefused(msgspec.Struct, frozen=True):
    """Somebody who could not prove who they are was turned away by this driver."""

    driver: str
    who: str
    address: str
    detail: str


Report = FrameArrived | WentOnline | WentOffline | Faulted | ContactMoved | Lost | Ended | LoginRefused | ActionAnswered
