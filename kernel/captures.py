"""The capture machine: pictures taken on an alarm, one or a series, or when the operator asks.

A linkage takes one series at a time: an alarm that comes while one is under way begins it anew, so that each alarm has
at least its first picture.
"""

import msgspec

from kernel.actions import Action, Actions
from kernel.drafting import Drafts
from kernel.events import MediaWanted
from kernel.notice_terms import SETTLE_NS
from kernel.occurrences import Occurrence
from kernel.site.linkage_model import Capture
from kernel.site.model import Linkage
from kernel.timers import Timers

CAPTURE = "capture"
BY_HAND = {"format": "jpeg", "quality": "90", "overlay": "false"}


class Series(msgspec.Struct):
    """Pictures under way: on what occasion, of which channels, and how many have been asked for."""

    occasion: Occurrence
    channels: tuple[str, ...]
    taken: int


class Captures:
    """The series under way, by linkage."""

    def __init__(self, timers: Timers, drafts: Drafts, actions: Actions) -> None:
        self._timers = timers
        self._drafts = drafts
        self._actions = actions
        self._linkages: dict[str, Linkage] = {}
        self._series: dict[str, Series] = {}

    def set_linkages(self, linkages: tuple[Linkage, ...]) -> None:
        """New settings: the series of linkages that are gone end."""
        self._linkages = _capturing(linkages)
        for id in list(self._series):
            if id not in self._linkages:
                self._drop(id)

    def take(self, link: Linkage, occasion: Occurrence, channels: tuple[str, ...]) -> None:
        """An alarm began or goes on."""
        self._series[link.id] = Series(occasion, channels, 0)
        if channels == (occasion.channel,):
            self.due(link.id, occasion.event)
        else:  # the picture of another channel, taken at the same moment, may still be on its way
            self._timers.arm((CAPTURE, link.id), self._drafts.time + SETTLE_NS, occasion.event)

    def due(self, output: str, cause: int) -> None:
        """The next picture of a series is there."""
        series, settings = self._series[output], self._linkages[output].settings
        assert isinstance(settings, Capture)
        at_ns = series.taken * settings.interval_ns
        series.taken += 1
        words = {
            "format": settings.format,
            "quality": str(settings.quality),
            "overlay": str(bool(settings.overlay)).lower(),
            "picture": str(series.taken),
            "pictures": str(settings.count),
        }
        occasion = series.occasion
        words |= occasion.words | {"age_ns": str(self._drafts.time - occasion.time)}
        self._actions.request(
            Action(
                output=output,
                kind=CAPTURE,
                command=CAPTURE,
                parameters=words,
                event=occasion.event,
                channel=occasion.channel,
                frame=occasion.frame,
                media=tuple(MediaWanted("picture", channel, at_ns, at_ns) for channel in series.channels),
            ),
            cause,
        )
        if series.taken < settings.count:
            due = occasion.time + series.taken * settings.interval_ns + SETTLE_NS
            self._timers.arm((CAPTURE, output), max(due, self._drafts.time), cause)
        else:
            self._drop(output)

    def by_hand(self, channel: str, frame: int | None, cause: int) -> None:
        """The operator wants a picture of what the channel shows now, in its frame number `frame`."""
        media = (MediaWanted("picture", channel, 0, 0),)
        action = Action(f"{CAPTURE}.{channel}", CAPTURE, CAPTURE, BY_HAND, None, (), channel, frame, media)
        self._actions.request(action, cause)

    def end_all(self) -> None:
        """The session ends: what has not been taken never will be."""
        for output in list(self._series):
            self._drop(output)

    def _drop(self, output: str) -> None:
        del self._series[output]
        self._timers.cancel((CAPTURE, output))

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What series point to: ordinals, and frames by (channel, number)."""
        occasions = [series.occasion for series in self._series.values()]
        return [o.event for o in occasions], [(o.channel, o.frame) for o in occasions if o.frame is not None]

    def state(self) -> dict[str, Series]:
        return self._series

    def restore(self, state: dict[str, Series], linkages: tuple[Linkage, ...]) -> None:
        """Go on where the Captures were that gave `state` under these settings."""
        self._linkages = _capturing(linkages)
        self._series = {id: series for id, series in state.items() if id in self._linkages}


def _capturing(linkages: tuple[Linkage, ...]) -> dict[str, Linkage]:
    return {link.id: link for link in linkages if isinstance(link.settings, Capture)}
