"""Every order of a few things that can happen, held against a model that says in a few lines what must come of it.

The model knows nothing of timers or events: who is armed and who tells of something decides which alarms are live; an
output is on for 2 s after the last alarm began, a recording goes on for 2 s after the last one ended.
"""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.events import (
    ActionRequested,
    AlarmCleared,
    AlarmRaised,
    OutputActivated,
    OutputReleased,
    RecordingStarted,
    RecordingStopped,
)
from support.explored import BEGINS_S, MINUTE_S, STEPS, World, begun

DEPTH = 4
SIREN_S, POST_RECORD_S = 2, 2
MOTION, DOOR = "motion.thermal", "alarm_input.door"
TELLS = {"moves": MOTION, "rests": MOTION, "closes": DOOR, "opens": DOOR}


class Model(msgspec.Struct, frozen=True):
    """What must hold after some steps: who tells of something, which alarms are live, until when what goes on."""

    scheduled: bool = True
    by_hand: bool = True
    telling: frozenset[str] = frozenset()
    silenced: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    raised: int = 0
    motion_alarms: int = 0
    siren_until: int = -1
    record_until: int = -1

    def after(self, step: str, before: int, now: int) -> "Model":
        """What must hold at second `now`; `before` was the second of the step before. An edge comes by itself."""
        edge = (BEGINS_S + now) // MINUTE_S * MINUTE_S - BEGINS_S
        if edge <= before:
            return self._stepped(step, now)
        armed = (BEGINS_S + now) // MINUTE_S % 2 == 0
        return self._following(edge, scheduled=armed)._stepped(step, now)

    def _stepped(self, step: str, now: int) -> "Model":
        match step:
            case "moves" | "closes":
                return self._following(now, telling=self.telling | {TELLS[step]})
            case "rests" | "opens":
                over = {TELLS[step]}
                return self._following(now, telling=self.telling - over, silenced=self.silenced - over)
            case "arm" | "disarm":
                return self._following(now, by_hand=step == "arm")
            case "clear" if MOTION in self.live and self.motion_alarms == 1:
                return self._following(now, silenced=self.silenced | {MOTION})
            case "hit":
                return self._following(now, inside=True)
            case "gone":
                return self._following(now, inside=False)
            case _:
                return self

    def _following(self, now: int, inside: bool | None = None, **changes: Any) -> "Model":
        """The same with these changes, and what follows from them; `inside` says that the target is hit, or gone."""
        new = msgspec.structs.replace(self, **changes)
        armed = new.scheduled and new.by_hand
        target = "yard" in self.live if inside is None else inside
        live = (new.telling - new.silenced) | ({"yard"} if target else frozenset()) if armed else frozenset[str]()
        began, ended = live - self.live, self.live - live
        return msgspec.structs.replace(
            new,
            live=live,
            raised=self.raised + len(began),
            motion_alarms=self.motion_alarms + (MOTION in began),
            siren_until=now + SIREN_S if began else self.siren_until,
            record_until=now + POST_RECORD_S if ended else self.record_until,
        )


def live_alarms(world: World) -> set[str]:
    live: set[str] = set()
    for draft in world.drafts:
        if isinstance(draft.body, AlarmRaised):
            live.add(draft.body.raiser)
        elif isinstance(draft.body, AlarmCleared):
            live.remove(draft.body.raiser)
    return live


def count(world: World, *kinds: type) -> int:
    return sum(isinstance(draft.body, kinds) for draft in world.drafts)


def hold(world: World, model: Model, path: tuple[str, ...]) -> None:
    """The world is as the model says."""
    assert live_alarms(world) == model.live, path
    assert count(world, AlarmRaised) == model.raised, path
    on = count(world, OutputActivated) - count(world, OutputReleased)
    assert on == (world.seconds < model.siren_until), path
    recording = count(world, RecordingStarted) - count(world, RecordingStopped)
    assert recording == (bool(model.live) or world.seconds < model.record_until), path


def hold_at_the_end(world: World, path: tuple[str, ...]) -> None:
    """Whatever happened: once the session is over nothing is live, on, open or untold."""
    over = world.after("end")
    assert live_alarms(over) == set(), path
    assert count(over, OutputActivated) == count(over, OutputReleased), path
    assert count(over, RecordingStarted) == count(over, RecordingStopped), path
    told = [draft.body.parameters for draft in over.drafts if _is_told(draft.body)]
    began = [words["alarm"] for words in told if words["state"] == "active"]
    ended = [words["alarm"] for words in told if words["state"] == "inactive"]
    assert sorted(began) == sorted(ended), path
    assert len(began) == count(over, AlarmRaised), path
    assert over.engine.next_due() is None, path


def _is_told(body: object) -> bool:
    return isinstance(body, ActionRequested) and body.kind == "http"


def explore(world: World, model: Model, path: tuple[str, ...], depth: int) -> int:
    hold(world, model, path)
    if depth == 0:
        hold_at_the_end(world, path)
        return 1
    worlds = 1
    for step in STEPS:
        further = world.after(step)
        worlds += explore(further, model.after(step, world.seconds, further.seconds), (*path, step), depth - 1)
    return worlds


def test_in_every_order_of_four_steps_alarms_outputs_and_recordings_are_as_they_must_be() -> None:
    assert explore(begun(), Model(), (), DEPTH) == sum(len(STEPS) ** n for n in range(DEPTH + 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 2)), min_size=6, max_size=14))
def test_long_histories_are_as_they_must_be(history: list[tuple[str, int]]) -> None:
    world, model, path = begun(), Model(), ()
    for step, seconds in history:
        before, world = world.seconds, world.after(step, seconds)
        model = model.after(step, before, world.seconds)
        path = (*path, step)
        hold(world, model, path)
    hold_at_the_end(world, path)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 4)), max_size=15))
def test_left_alone_everything_comes_to_rest_by_itself(history: list[tuple[str, int]]) -> None:
    world = begun()
    for step, seconds in [*history, ("gone", 1), ("rests", 1), ("opens", 1), *[("wait", 60)] * 2]:
        world = world.after(step, seconds)
    assert live_alarms(world) == set()
    assert count(world, OutputActivated) == count(world, OutputReleased)
    assert count(world, RecordingStarted) == count(world, RecordingStopped)
