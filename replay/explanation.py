"""Why an event came about: the chain of its causes down to a fact, and every gate on the way with its margin."""

import msgspec

from detectors.rules import Verdict
from detectors.rules.gates import Gate
from kernel.engine import recorded_site
from kernel.events import AlarmCleared, AlarmRaised, AlarmRepeated, ConfigChanged, Event, FrameCaptured, RuleTriggered
from kernel.log.contract import EventLog, Selection
from kernel.site.model import Rule, Site
from replay.examination import Examined, Trace, examine
from replay.frames import settled_with
from replay.refold import FramesMissing, Progress
from replay.sessions import Session, sessions_of

SIGHTINGS_KEPT = 4000
"""Of a target's way, the latest sightings that an explanation carries."""


class Sighting(msgspec.Struct, frozen=True):
    """One frame (its FrameCaptured) in which the rule judged the target."""

    frame: Event
    verdict: Verdict


class Decision(msgspec.Struct, frozen=True):
    """How a rule judged a target in a frame.

    `gates` are those of the verdict and, where there was a hit, whether it made an alarm. `way` is the target's way
    from when it first counted up to this frame. `confirmed` is how it came to count. `agrees` says whether the fold
    gives today what is recorded of this rule, target and frame.
    """

    rule: Rule
    frame: Event
    verdict: Verdict
    gates: tuple[Gate, ...]
    way: tuple[Sighting, ...]
    confirmed: Trace | None
    agrees: bool


class Explanation(msgspec.Struct, frozen=True):
    """`chain` runs from the event to the fact behind it; `decisions` are the rules' on that frame that concern it.

    `missing` says why there are none, where frames have expired.
    """

    event: Event
    chain: tuple[Event, ...]
    decisions: tuple[Decision, ...]
    site: Site | None
    missing: str = ""


def explain(log: EventLog, seq: int, progress: Progress | None = None) -> Explanation:
    """Explain the event with this seq. Raises `KeyError` where the log does not have it."""
    event = event_at(log, seq)
    chain = chain_of(log, event)
    site = _site_at(log, event)
    frame = chain[-1]
    if not isinstance(frame.body, FrameCaptured) or site is None:
        return Explanation(event, chain, (), site)
    trigger = next((e.body for e in chain if isinstance(e.body, RuleTriggered)), None)
    if trigger is None and event is not frame:
        return Explanation(event, chain, (), site)
    try:
        decisions = _decisions(log, site, frame, trigger, progress)
    except FramesMissing as missing:
        return Explanation(event, chain, (), site, str(missing))
    return Explanation(event, chain, decisions, site)


def event_at(log: EventLog, seq: int) -> Event:
    """Raises `KeyError` where the log does not have it."""
    event = next(log.read(Selection(first=seq, last=seq)), None)
    if event is None:
        raise KeyError(seq)
    return event


def chain_of(log: EventLog, event: Event) -> tuple[Event, ...]:
    """The event, its cause, the cause of that, down to the fact.

    What ended or repeated an alarm is explained by the alarm: where a timer or the target's going brought it
    about, the chain goes on from the alarm's own beginning.
    """
    chain = [event]
    while chain[-1].cause is not None:
        chain.append(event_at(log, chain[-1].cause))
    if any(isinstance(e.body, RuleTriggered) for e in chain):
        return tuple(chain)
    ended = next((e.body for e in chain if isinstance(e.body, AlarmCleared | AlarmRepeated)), None)
    return tuple(chain) if ended is None else (*chain[:-1], *chain_of(log, event_at(log, ended.alarm)))


def _decisions(
    log: EventLog, site: Site, frame: Event, trigger: RuleTriggered | None, progress: Progress | None
) -> tuple[Decision, ...]:
    """Those of the trigger's rule and target, or all of the frame's."""
    way: dict[tuple[str, int], list[Sighting]] = {}
    confirmed: dict[int, Trace] = {}
    last: Examined | None = None
    for last in examine(log, session_of(log, frame), up_to_fact=frame.fact_no, progress=progress):
        if last.look is None or last.fact.source != frame.source:
            continue
        confirmed |= {trace.track: trace for trace in last.look.traces if trace.track}
        for verdict in last.look.verdicts:
            if trigger is None or (verdict.rule, verdict.track) == (trigger.rule, trigger.track):
                sightings = way.setdefault((verdict.rule, verdict.track), [])
                sightings.append(Sighting(last.fact, verdict))
                del sightings[:-SIGHTINGS_KEPT]
    rules = {rule.id: rule for rule in site.rules}
    recorded = _recorded(log, frame)
    here = [(key, s) for key, s in way.items() if s[-1].frame.seq == frame.seq]
    return tuple(
        Decision(
            rule=rules[rule],
            frame=frame,
            verdict=sightings[-1].verdict,
            gates=(*sightings[-1].verdict.gates, *_alarm_gate(log, rules[rule], sightings[-1].verdict, frame)),
            way=tuple(sightings),
            confirmed=confirmed.get(track),
            agrees=((rule, track) in recorded) == sightings[-1].verdict.hit,
        )
        for (rule, track), sightings in here
        if rule in rules
    )


def _recorded(log: EventLog, frame: Event) -> set[tuple[str, int]]:
    """(rule, track) of the hits recorded of this frame."""
    hits = [event.body for event in log.read(settled_with(frame, "RuleTriggered"))]
    return {(hit.rule, hit.track) for hit in hits if isinstance(hit, RuleTriggered) and hit.frame == frame.seq}


def _alarm_gate(log: EventLog, rule: Rule, verdict: Verdict, frame: Event) -> tuple[Gate, ...]:
    """Of a hit: is the target's alarm of this rule on already? Then it repeats, or is silent if it is to be single."""
    if not verdict.hit:
        return ()
    live: set[int] = set()
    session = session_of(log, frame)
    chosen = Selection(
        kinds=("AlarmRaised", "AlarmCleared"),
        sources=(f"rule.{rule.id}",),
        first_fact=session.first_fact,
        last_fact=frame.fact_no - 1,
    )
    for event in log.read(chosen):
        if isinstance(event.body, AlarmRaised) and event.body.track == verdict.track:
            live.add(event.seq)
        elif isinstance(event.body, AlarmCleared):
            live.discard(event.body.alarm)
    passed = not live or not rule.single_alarm
    limit = 0 if rule.single_alarm else None
    return (Gate("single alarm", passed, len(live), limit, -len(live) if rule.single_alarm else None, "live alarms"),)


def session_of(log: EventLog, event: Event) -> Session:
    """The session that the event belongs to."""
    return next(s for s in reversed(sessions_of(log)) if s.first_fact <= event.fact_no)


def _site_at(log: EventLog, event: Event) -> Site | None:
    """The site as configured when the event happened."""
    last: ConfigChanged | None = None
    for change in log.read(Selection(kinds=("ConfigChanged",), last_fact=event.fact_no)):
        assert isinstance(change.body, ConfigChanged)
        last = change.body
    return None if last is None else recorded_site(last.document)
