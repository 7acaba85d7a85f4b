"""The notice machine: alarms told to somebody, each alone or gathered, once what goes along has been captured.

Without a cool-down each alarm is a notice of its own. With one, the first goes out as soon as its pictures are there;
those that come before it has gone, or within the cool-down after it, are gathered into the next. None is lost: a notice
that is full goes out at once, and what still waits goes out when the session ends or its output is taken away.
"""

import msgspec

from kernel.actions import Action, Actions
from kernel.drafting import Drafts
from kernel.events import MediaWanted
from kernel.notice_terms import fixed_parameters, life_sign_ns, media_of, terms_of, wait_ns
from kernel.occurrences import Occurrence
from kernel.site.model import Linkage
from kernel.state import StateDamaged
from kernel.timers import Timers

NOTICE = "notice"
LIFE_SIGN = "life_sign"
MAX_GATHERED = 200
"""The alarms of one notice."""


class Waiting(msgspec.Struct):
    """A notice that has not gone out: of what it tells, what goes along, and the events gathered into it since."""

    output: str
    number: int
    first: Occurrence
    media: tuple[MediaWanted, ...]
    also: list[int]


class NoticesState(msgspec.Struct, frozen=True):
    """`waiting` in the order in which they began, `sent` the session time of each output's last notice."""

    waiting: list[Waiting]
    numbers: int
    sent: dict[str, int]


class Notices:
    """The notices that wait, of every output that is told of alarms."""

    def __init__(self, timers: Timers, drafts: Drafts, actions: Actions) -> None:
        self._timers = timers
        self._drafts = drafts
        self._actions = actions
        self._linkages: dict[str, Linkage] = {}
        self._channels: tuple[str, ...] = ()
        self._waiting: dict[int, Waiting] = {}
        self._numbers = 0
        self._sent: dict[str, int] = {}

    def set_linkages(self, linkages: tuple[Linkage, ...], channels: tuple[str, ...], cause: int) -> None:
        """New settings: what waits for outputs that are gone goes out now; life signs begin."""
        new = _told(linkages)
        for waiting in list(self._waiting.values()):
            old = self._linkages[waiting.output]
            if waiting.output not in new or new[waiting.output].kind != old.kind:
                self._send(waiting, waiting.first.event)
        for id in {**self._linkages, **new}:
            before, now = (life_sign_ns(at[id].settings) if id in at else 0 for at in (self._linkages, new))
            if before != now:
                self._timers.cancel((LIFE_SIGN, id))
        self._linkages, self._channels = new, channels
        for link in new.values():
            if life_sign_ns(link.settings) and not self._timers.is_armed((LIFE_SIGN, link.id)):
                self._timers.arm((LIFE_SIGN, link.id), self._drafts.time + life_sign_ns(link.settings), cause)

    def tell(self, output: Linkage, occurrence: Occurrence) -> None:
        """Tell the output: now, or once all is there and the cool-down is over."""
        terms = terms_of(output.settings)
        if terms is None or not (occurrence.active or terms.ends):
            return
        open_ = self._open(output.id) if terms.cool_down_ns else None
        if open_ is not None:
            open_.also.append(occurrence.event)
            if len(open_.also) + 1 >= MAX_GATHERED:
                self._send(open_, occurrence.event)
            return
        media = media_of(output.settings, occurrence, self._channels)
        self._numbers += 1
        waiting = Waiting(output.id, self._numbers, occurrence, media, [])
        wait = 0 if terms.ends else wait_ns(media, occurrence)  # no end must overtake its beginning
        due = self._drafts.time + max(wait, terms.gather_ns)
        if terms.cool_down_ns and output.id in self._sent:
            due = max(due, self._sent[output.id] + terms.cool_down_ns)
        self._waiting[waiting.number] = waiting
        if due <= self._drafts.time:
            self._send(waiting, occurrence.event)
        else:
            self._timers.arm((NOTICE, str(waiting.number)), due, occurrence.event)

    def _open(self, output: str) -> Waiting | None:
        """The notice into which this output's alarms are gathered."""
        return next((w for w in self._waiting.values() if w.output == output), None)

    def due(self, number: int, cause: int) -> None:
        """The timer of a notice fired."""
        self._send(self._waiting[number], cause)

    def life_sign(self, output: str, cause: int) -> None:
        """The timer of an output's life sign fired."""
        link = self._linkages[output]
        interval_ns = life_sign_ns(link.settings)
        self._actions.request(Action(output, link.kind, LIFE_SIGN, {"interval_ns": str(interval_ns)}), cause)
        self._timers.arm((LIFE_SIGN, output), self._drafts.time + interval_ns, cause)

    def send_all(self) -> None:
        """The session ends: what waits goes out now, and life signs stop."""
        for waiting in list(self._waiting.values()):
            self._send(waiting, waiting.first.event)
        for output in self._linkages:
            self._timers.cancel((LIFE_SIGN, output))

    def _send(self, waiting: Waiting, cause: int) -> None:
        del self._waiting[waiting.number]
        self._timers.cancel((NOTICE, str(waiting.number)))
        link, first = self._linkages[waiting.output], waiting.first
        terms = terms_of(link.settings)
        assert terms is not None
        if terms.cool_down_ns:
            self._sent[link.id] = self._drafts.time
        age = {"age_ns": str(self._drafts.time - first.time)}
        self._actions.request(
            Action(
                output=link.id,
                kind=link.kind,
                command=terms.command,
                parameters=fixed_parameters(link.settings) | first.words | age,
                event=first.event,
                also=tuple(waiting.also),
                channel=first.channel,
                frame=first.frame,
                media=waiting.media,
            ),
            cause,
        )

    def references(self) -> tuple[list[int], list[tuple[str, int]]]:
        """What waiting notices point to: ordinals, and frames by (channel, number)."""
        ordinals: list[int] = []
        frames: list[tuple[str, int]] = []
        for waiting in self._waiting.values():
            ordinals += [waiting.first.event, *waiting.also]
            if waiting.first.frame is not None:
                frames.append((waiting.first.channel, waiting.first.frame))
        return ordinals, frames

    def state(self) -> NoticesState:
        return NoticesState(list(self._waiting.values()), self._numbers, self._sent)

    def restore(self, state: NoticesState, linkages: tuple[Linkage, ...], channels: tuple[str, ...]) -> None:
        """Go on where the Notices were that gave `state` under these settings. Raises `StateDamaged`."""
        self._linkages, self._channels = _told(linkages), channels
        if not {waiting.output for waiting in state.waiting} <= self._linkages.keys():
            raise StateDamaged("a notice waits for an output that the settings do not have")
        self._waiting = {waiting.number: waiting for waiting in state.waiting}
        self._numbers = state.numbers
        self._sent = state.sent


def _told(linkages: tuple[Linkage, ...]) -> dict[str, Linkage]:
    return {link.id: link for link in linkages if terms_of(link.settings) is not None}
