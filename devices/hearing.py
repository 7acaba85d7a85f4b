"""What reaches the host's sockets, made into reports: who speaks, whether it fits, and whether it is too much."""

import time
from collections import Counter
from collections.abc import Container, Mapping, Sequence

import zmq

from devices.backoff import Muffler
from devices.reports import UNKNOWN, Faulted, Lost, Report
from devices.supervised import Supervised
from devices.wire import (
    MAX_FRAMES_A_SECOND,
    MAX_TOKEN_BYTES,
    FromDriver,
    PacketReceived,
    ShotTaken,
    WireError,
    check_payload,
    decode_from_driver,
    plain_text,
)

FLOOD = f"the driver sends more than {MAX_FRAMES_A_SECOND} frames a second"
Heard = tuple[Supervised | None, list[Report]]


class Hearing:
    """Hears the drivers, by the tokens of their present starts; `retired` are tokens that were good once."""

    def __init__(self, drivers: Mapping[str, Supervised], retired: Container[bytes]) -> None:
        self._drivers = drivers
        self._retired = retired
        self._stranger_notes = Muffler(1, 10.0)
        self.malformed: Counter[str] = Counter()
        """How many messages were refused, by driver; UNKNOWN for those without a valid token."""

    def hear(self, route: bytes | None, parts: Sequence[zmq.Frame]) -> Heard:
        """Who sent the message, and what it means. One that does not fit changes nothing but `malformed`."""
        supervised: Supervised | None = None
        try:
            if len(parts) < 2 or len(parts[0]) > MAX_TOKEN_BYTES:
                raise WireError(f"{len(parts)} parts without a token and a header")
            token = parts[0].bytes
            supervised = next((d for d in self._drivers.values() if d.process and d.token == token), None)
            if supervised is None:
                if token in self._retired:
                    return None, []  # the last words of a driver that was given up
                raise WireError("a token that no running driver was given")
            reports = self._understand(supervised, decode_from_driver(parts[1].bytes), parts[2:])
        except WireError as error:
            return supervised, self._refuse(supervised, error)
        supervised.heard(time.monotonic(), route)
        return supervised, reports

    def _understand(self, supervised: Supervised, message: FromDriver, payload: Sequence[zmq.Frame]) -> list[Report]:
        check_payload(message, [len(part) for part in payload])
        if isinstance(message, ShotTaken | PacketReceived) and _floods(supervised):
            return _flooded(supervised, supervised.talk.throw_away(message, FLOOD))
        reports: list[Report] = []
        for report in supervised.talk.receive(message, payload):
            reports += _muffled(report, supervised.faults) if isinstance(report, Faulted) else [report]
        return reports

    def _refuse(self, supervised: Supervised | None, error: WireError) -> list[Report]:
        driver = UNKNOWN if supervised is None else supervised.spec.id
        self.malformed[driver] += 1
        notes = self._stranger_notes if supervised is None else supervised.malformed_notes
        return _muffled(Faulted(driver, f"malformed message: {plain_text(str(error))}"), notes)


def _floods(supervised: Supervised) -> bool:
    """Whether the driver sends more frames than anybody needs; at pace max its credit bounds it."""
    return supervised.talk.pace == "realtime" and not supervised.allowance.take(time.monotonic())


def _flooded(supervised: Supervised, reports: Sequence[Report]) -> list[Report]:
    """Frames thrown away are told of together, once a second, and are a fault."""
    supervised.flood += sum(report.count for report in reports if isinstance(report, Lost))
    if supervised.flood_notes.admit(time.monotonic()) is None:
        return []
    lost = Lost(supervised.spec.id, supervised.flood, FLOOD)
    supervised.flood = 0
    return [*_muffled(Faulted(supervised.spec.id, FLOOD), supervised.faults), lost]


def _muffled(fault: Faulted, muffler: Muffler) -> list[Report]:
    """The fault, where it may be told now, with how many were not told before it."""
    held = muffler.admit(time.monotonic())
    if held is None:
        return []
    return [Faulted(fault.driver, f"{fault.reason} ({held} before it were not reported)") if held else fault]
