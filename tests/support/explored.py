"""A small world to explore: all that can happen to it in a step, and what the machine has made of it so far."""

from collections.abc import Mapping

import msgspec
import numpy as np

from kernel.detector import Frame, Percept, RuleHit
from kernel.engine import Engine, recorded_site
from kernel.events import (
    AlarmInputChanged,
    Body,
    ClockSet,
    CommandReceived,
    ConfigChanged,
    Event,
    FrameCaptured,
    MotionEnded,
    MotionStarted,
    ObjectsRecognised,
    SessionEnded,
    SessionStarted,
    Ticked,
    TrackEnded,
)
from kernel.references import Draft
from kernel.site.model import Channel, Rule
from kernel.state import as_state
from support.many_linkages import linked
from support.scripted import BOX, SECOND

PIXELS = np.zeros((4, 4), np.uint8)
PLAN = '[[recording.plan]]\nchannels = ["thermal"]\ntype = "event"\npre_record = 0\npost_record = 2\n'
NIGHT = ", ".join(f'"00:{minute:02}-00:{minute + 1:02}"' for minute in range(0, 16, 2))
DOCUMENT = (
    linked("siren", "host", "clip", schedule="night", extra=PLAN)
    .replace("debounce = 0.5", "debounce = 0")
    .replace("delay = 5", "delay = 2")
    .replace('"00:00-00:01"', NIGHT)
)
BEGINS_S = 55
"""The civil second of the day at which the world begins; the schedule is armed in every other minute, up to 00:15."""
MINUTE_S = 60
SITE = recorded_site(DOCUMENT)
STEPS = ("hit", "gone", "moves", "rests", "opens", "closes", "disarm", "arm", "clear", "wait")


class PuppetDetector:
    """Tells what the step says."""

    def __init__(self) -> None:
        self.step = ""

    def __call__(self, channel: Channel, rules: tuple[Rule, ...]) -> "PuppetDetector":
        return self

    def configure(self, channel: Channel, rules: tuple[Rule, ...]) -> None: ...

    def restart(self, reason: str) -> None: ...

    def perceive(self, frame: Frame) -> Percept:
        if self.step == "gone":
            return Percept((TrackEnded(1, "human", SECOND),), {}, (1,))
        events: Mapping[str, tuple[Body, ...]] = {
            "moves": (MotionStarted(frame.number, BOX),),
            "rests": (MotionEnded(frame.number, SECOND),),
        }
        return Percept(events.get(self.step, ()), {1: BOX}, ())

    def recognise(self, captured_ns: int, found: ObjectsRecognised) -> None:
        """Nothing that it follows has a class."""

    def settled(self, at_once: bool = False) -> None:
        """No frame ever waits."""

    def unsettled(self) -> tuple[int, ...]:
        return ()

    def judge(self, captured_ns: int, armed: Mapping[str, int]) -> tuple[RuleHit, ...]:
        hit = self.step == "hit" and "yard" in armed
        return (RuleHit("yard", "intrusion", 1, "human", BOX),) if hit else ()

    def state(self) -> object:
        return 0

    def restore(self, state: object) -> None:
        as_state(state, int)


class World(msgspec.Struct):
    """The Engine after some steps of a second each, and all events so far. `ended` says that the session is over."""

    engine: Engine
    puppet: PuppetDetector
    seconds: int
    facts: int
    drafts: tuple[Draft, ...]

    def after(self, step: str, seconds: int = 1) -> "World":
        """The world `seconds` later, a minute with `wait`, in which this happened; this one stays as it is."""
        seconds = MINUTE_S if step == "wait" else seconds
        puppet = PuppetDetector()
        engine = Engine(puppet, lambda _: SITE)
        engine.restore(self.engine.state())
        new = World(engine, puppet, self.seconds + seconds, self.facts + 1, self.drafts)
        puppet.step = step
        new.tell(*_fact(step, new.seconds))
        return new

    def tell(self, body: Body, source: str) -> None:
        fact = Event(self.facts, self.facts, self.seconds * SECOND, source, type(body).__name__, None, body)
        before, after = self.engine.handle(fact, PIXELS if isinstance(body, FrameCaptured) else None)
        self.drafts += (*before, *after)


def begun() -> World:
    """A world in which nothing has happened."""
    puppet = PuppetDetector()
    world = World(Engine(puppet, lambda _: SITE), puppet, 0, 1, ())
    world.tell(SessionStarted("import", 1, {}, ("thermal",)), "session")
    world.facts = 2
    world.tell(ConfigChanged(DOCUMENT, "test"), "site")
    world.facts = 3
    world.tell(ClockSet(BEGINS_S * SECOND, "test"), "site")
    return world


def _fact(step: str, seconds: int) -> tuple[Body, str]:
    match step:
        case "hit" | "gone" | "moves" | "rests":
            return FrameCaptured(seconds * SECOND, 4, 4, "gray8", "test", True, 0, ""), "channel.thermal"
        case "opens" | "closes":
            return AlarmInputChanged(3, step == "closes"), "device.contacts"
        case "arm" | "disarm":
            return CommandReceived(step, (), "operator"), "operator"
        case "clear":
            return CommandReceived("clear", ("motion.thermal#1",), "operator"), "operator"
        case "end":
            return SessionEnded("done"), "session"
        case _:
            return Ticked(), "session"
