"""What comes out of one setting over one session."""

import msgspec

from kernel.events import AlarmCleared, AlarmRaised, AlarmType, Box, TargetClass
from kernel.references import Draft
from replay.sweep.grid import Settings


class SweptAlarm(msgspec.Struct, frozen=True):
    """An alarm; `rule` is what raised it. Times are session times in ns.

    `frame` counts the channel's frames from 0, None where none had come yet; `ended_ns` is when it was cleared.
    """

    time_ns: int
    channel: str
    rule: str
    type: AlarmType
    ordinal: int
    track: int
    target: TargetClass
    box: Box
    frame: int | None
    ended_ns: int | None = None


class SweptRun(msgspec.Struct, frozen=True):
    """One setting over one session: its outcome digest, the number of derived events, its alarms in order."""

    settings: Settings
    session: int
    outcome: str
    events: int
    alarms: tuple[SweptAlarm, ...]


def alarms_in(drafts: list[Draft]) -> tuple[SweptAlarm, ...]:
    """The alarms among a session's derived events, which are in session form."""
    alarms: dict[tuple[str, int], SweptAlarm] = {}
    for draft in drafts:
        body = draft.body
        if isinstance(body, AlarmRaised):
            alarms[(body.raiser, body.ordinal)] = SweptAlarm(
                draft.time,
                body.channel,
                body.raiser,
                body.type,
                body.ordinal,
                body.track,
                body.target,
                body.box,
                body.frame,
            )
        elif isinstance(body, AlarmCleared):
            key = (body.raiser, body.ordinal)
            alarms[key] = msgspec.structs.replace(alarms[key], ended_ns=draft.time)
    return tuple(alarms.values())
