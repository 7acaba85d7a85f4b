"""The exceptions: what is wrong with the system itself. They are always armed and act through linkages like alarms.

A full storage and a lost network camera last until they are right again; what is there already is not raised anew. A
storage fault, an address conflict and a failed login are moments: each is raised, and none ends.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kernel import events as e
from kernel.drafting import Drafts
from kernel.linker import Linker
from kernel.occurrences import of_exception, plain_words
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Site

NETWORK_SOURCES = ("rtsp:", "rtsps:", "zmq:")
"""The sources of channels whose loss is a disconnected network."""
Why = Literal["over", "configuration", "session_ended"]


class LiveException(msgspec.Struct):
    """An exception that lasts; `event` is the ordinal of its ExceptionRaised, `told` the linkages that acted on it."""

    exception: e.ExceptionName
    subject: str
    ordinal: int
    event: int
    detail: str
    told: tuple[str, ...] = ()


class ExceptionsState(msgspec.Struct, frozen=True):
    live: list[LiveException]
    counts: dict[str, int]


class Exceptions:
    """All exceptions that last, and the facts that raise and end them."""

    def __init__(self, drafts: Drafts, linker: Linker) -> None:
        self._drafts = drafts
        self._linker = linker
        self._linkage: Mapping[e.ExceptionName, tuple[str, ...]] = {}
        self._network: frozenset[str] = frozenset()
        self._live: dict[tuple[str, str], LiveException] = {}
        self._counts: dict[str, int] = {}

    def set_site(self, site: Site, cause: int) -> None:
        """New settings: the loss of a channel that is gone, or no longer in the network, is none any more."""
        self._use(site)
        for live in list(self._live.values()):
            if live.exception == "network_disconnected" and live.subject not in self._network:
                self._end(live, "configuration", cause)

    def _use(self, site: Site) -> None:
        self._linkage = site.exceptions
        self._network = frozenset(c.id for c in site.channels if c.source.startswith(NETWORK_SOURCES))

    def hear(self, fact: e.Event, cause: int) -> None:
        """Take a fact; most are no exception."""
        channel = fact.source.removeprefix(CHANNEL_SOURCE)
        match fact.body:
            case e.StorageFull(detail=detail):
                self._begin("storage_full", "", detail, cause)
            case e.StorageFreed():
                self._over("storage_full", "", cause)
            case e.StorageFault(detail=detail):
                self._raise("storage_error", "", detail, cause)
            case e.AddressConflict(address=address):
                self._raise("address_conflict", address, "", cause)
            case e.LoginFailed(who=who, address=address, detail=detail):
                self._raise("illegal_login", address, f"{who}: {detail}", cause)
            case e.DeviceOffline(reason=reason) if channel in self._network:
                self._begin("network_disconnected", channel, reason, cause)
            case e.DeviceOnline():
                self._over("network_disconnected", channel, cause)
            case _:
                pass

    def end_all(self, cause: int) -> None:
        """The session ends."""
        for live in list(self._live.values()):
            self._end(live, "session_ended", cause)

    def _begin(self, exception: e.ExceptionName, subject: str, detail: str, cause: int) -> None:
        if (exception, subject) not in self._live:
            self._live[(exception, subject)] = self._raise(exception, subject, detail, cause)

    def _raise(self, exception: e.ExceptionName, subject: str, detail: str, cause: int) -> LiveException:
        ordinal = self._counts.get(exception, 0) + 1
        self._counts[exception] = ordinal
        body = e.ExceptionRaised(exception, ordinal, plain_words(subject), plain_words(detail))
        event = self._drafts.emit(f"exception.{exception}", body, cause)
        occurrence = of_exception(event, event, True, self._drafts.time, exception, ordinal, subject, detail)
        told = self._linker.act(occurrence, self._linkage.get(exception, ()))
        return LiveException(exception, subject, ordinal, event, detail, told)

    def _over(self, exception: e.ExceptionName, subject: str, cause: int) -> None:
        live = self._live.get((exception, subject))
        if live is not None:
            self._end(live, "over", cause)

    def _end(self, live: LiveException, why: Why, cause: int) -> None:
        del self._live[(live.exception, live.subject)]
        body = e.ExceptionCleared(live.event, live.exception, live.ordinal, live.subject, why)
        event = self._drafts.emit(f"exception.{live.exception}", body, cause)
        occurrence = of_exception(
            event, live.event, False, self._drafts.time, live.exception, live.ordinal, live.subject, live.detail
        )
        self._linker.over(occurrence, live.told)

    def references(self) -> list[int]:
        """The ordinals of the ExceptionRaised of what lasts."""
        return [live.event for live in self._live.values()]

    def state(self) -> ExceptionsState:
        return ExceptionsState(list(self._live.values()), self._counts)

    def restore(self, state: ExceptionsState, site: Site | None) -> None:
        """Go on where the Exceptions were that gave `state` under these settings."""
        if site is not None:
            self._use(site)
        self._live = {(live.exception, live.subject): live for live in state.live}
        self._counts = state.counts
