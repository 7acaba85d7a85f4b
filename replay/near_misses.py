"""What almost alarmed, and what stopped it: found by folding a session again beside more lenient siblings of its rules.

Of the rules as they are set, every target that alarmed no rule is looked at in the frame in which it came closest:
it is a near miss where a single gate stopped it there, by little. What was never a target under the settings, being
too faint, shielded or too restless, shows under siblings of the rules with a higher sensitivity, without shield, or
in general scene mode: what alarms there and has no counterpart in the rule itself is a near miss, too.
"""

from collections.abc import Callable, Iterator

import msgspec

from detectors.rules import Verdict
from detectors.rules.gates import Gate
from detectors.scene_modes import SCENE_MODES, thresholds
from kernel.engine import ReadSite, recorded_site
from kernel.events import Box, Event
from kernel.log.contract import EventLog
from kernel.site.model import Rule, Site
from replay.examination import examine
from replay.refold import Progress
from replay.sessions import Session

SENSITIVITY_STEPS = (1, 2, 5, 10, 20)
"""How much more sensitive the siblings are."""
CLOSE_PERCENT = 50
"""A limit that was reached by this share was almost reached."""
NEAR_BANDS = 2
"""A target that came as near to a line or boundary as this many times its hysteresis almost crossed it."""
SAME_WITHIN_NS = 3_000_000_000
"""What a rule and its sibling see this close together, in the same place, is the same target."""
MARK = "~"
"""Stands in the id of a sibling, and in no rule's of a site file."""


class NearMiss(msgspec.Struct, frozen=True):
    """A target that almost alarmed a rule. `gate` stopped it; `frame` is where it came closest.

    `first_ns` and `last_ns` bound the sightings, in session time. `percent` says how close it came: 100 is all but
    there. `sibling` names the settings under which it would have alarmed, where it was no target under the rule's own.
    """

    rule: str
    channel: str
    frame: Event
    track: int
    target: str
    box: Box
    score: int
    gate: Gate
    percent: int
    first_ns: int
    last_ns: int
    sibling: str = ""


class _Episode(msgspec.Struct):
    """One target before one rule or sibling."""

    first_ns: int
    last_ns: int
    boxes: dict[int, Box] = {}
    hit: bool = False
    best: tuple[int, Event, Verdict, Gate | None] | None = None


_Episodes = dict[tuple[str, int], _Episode]


def near_misses(
    log: EventLog, session: Session, progress: Progress | None = None, read_site: ReadSite = recorded_site
) -> list[NearMiss]:
    """All near misses of a session, in the order of time; `read_site` is for what-if settings.

    Raises `FramesMissing` where frames have expired.
    """
    rules: dict[str, Rule] = {}

    def own(document: str) -> Site:
        site = read_site(document)
        rules.update({rule.id: rule for rule in site.rules})
        return site

    def siblings(document: str) -> Site:
        site = read_site(document)
        added = tuple(sibling for rule in site.rules if rule.enabled for sibling in _siblings(rule))
        rules.update({rule.id: rule for rule in added})
        return msgspec.structs.replace(site, rules=added)

    told = _told(progress)
    as_set = _episodes(
        log, session, own, told(0)
    )  # apart from the siblings, so that tracks have their recorded numbers
    lenient = _episodes(log, session, siblings, told(1))
    found = [*_stopped(as_set, rules), *_faint(lenient, as_set, rules)]
    return sorted(found, key=lambda miss: (miss.frame.seq, miss.rule, miss.track))


def _episodes(log: EventLog, session: Session, read_site: ReadSite, progress: Progress | None) -> _Episodes:
    """What every rule made of every target, by (rule, track)."""
    episodes: _Episodes = {}
    for examined in examine(log, session, read_site=read_site, progress=progress):
        if examined.look is None:
            continue
        now_ns = examined.look.captured_ns
        for verdict in examined.look.verdicts:
            episode = episodes.setdefault((verdict.rule, verdict.track), _Episode(now_ns, now_ns, {}))
            _follow(episode, examined.fact, now_ns, verdict)
    return episodes


def _told(progress: Progress | None) -> Callable[[int], Progress | None]:
    """The progress of the first and of the second half."""

    def half(number: int) -> Progress | None:
        if progress is None:
            return None
        tell = progress
        return lambda done, total: tell(number * total + done, 2 * total)

    return half


def _siblings(rule: Rule) -> Iterator[Rule]:
    """The rule under more lenient settings of what comes before the rules; where they come to the same, once."""
    parameters = SCENE_MODES[rule.scene_mode]
    seen = {thresholds(rule.sensitivity, parameters)}
    for step in SENSITIVITY_STEPS:
        sensitivity = min(100, rule.sensitivity + step)
        cut = thresholds(sensitivity, parameters)
        if rule.sensitivity > 0 and cut not in seen:
            seen.add(cut)
            yield _sibling(rule, f"sensitivity={sensitivity}", sensitivity=sensitivity)
    if rule.shield:
        yield _sibling(rule, "shield=[]", shield=())
    if rule.scene_mode == "leaves_interfered":
        yield _sibling(rule, "scene_mode=general", scene_mode="general")


def _sibling(rule: Rule, words: str, **changes: object) -> Rule:
    return msgspec.structs.replace(rule, id=f"{rule.id}{MARK}{words}", linkage=(), **changes)


def _follow(episode: _Episode, frame: Event, now_ns: int, verdict: Verdict) -> None:
    """Take one sighting in; the closest so far is kept, of equally close ones the first."""
    episode.last_ns = now_ns
    episode.boxes[now_ns] = verdict.box
    episode.hit = episode.hit or verdict.hit
    stopped = [gate for gate in verdict.gates if not gate.passed]
    percent = 100 if not stopped else _percent(stopped[0], verdict) if len(stopped) == 1 else 0
    if percent and (episode.best is None or percent > episode.best[0]):
        episode.best = (percent, frame, verdict, stopped[0] if stopped else None)


def _percent(gate: Gate, verdict: Verdict) -> int:
    """How close a single gate that was not passed came to passing; 0 where it was not close at all."""
    if gate.name in ("crossing", "entrance", "exit", "inside"):
        near = NEAR_BANDS * verdict.band
        return max(0, 100 * (near - verdict.distance) // near) if verdict.distance < near else 0
    if gate.name in ("clearly inside", "once a stay"):
        return 0
    if not isinstance(gate.value, int) or not isinstance(gate.limit, int) or gate.limit == 0:
        return 99  # a wrong class or direction, or the wrong time: all else was as it must be
    value, limit = sorted((max(0, gate.value), gate.limit))
    return min(99, 100 * value // limit)


def _stopped(own: _Episodes, rules: dict[str, Rule]) -> Iterator[NearMiss]:
    """Targets under the rules as they are set."""
    for (rule, _), episode in own.items():
        if episode.hit or episode.best is None or episode.best[0] < CLOSE_PERCENT:
            continue
        percent, frame, verdict, gate = episode.best
        assert gate is not None
        yield _miss(rules[rule], frame, verdict, gate, percent, episode)


def _faint(episodes: _Episodes, own: _Episodes, rules: dict[str, Rule]) -> Iterator[NearMiss]:
    """Targets that alarm siblings only; each is told once for each kind of change, of the smallest that does."""
    told: list[tuple[str, _Episode]] = []
    for (sibling, _), episode in sorted(episodes.items(), key=lambda item: _order(item[0][0], rules)):
        rule, _, words = sibling.partition(MARK)
        if not episode.hit or episode.best is None:
            continue
        change = f"{rule}{MARK}{words.split('=')[0]}"
        if any(of == rule and _same(e, episode) for (of, _), e in own.items() if e.hit or _close(e)):
            continue
        if any(of == change and _same(e, episode) for of, e in told):
            continue
        told.append((change, episode))
        _, frame, verdict, _ = episode.best
        percent, gate = _changed_gate(rules[rule], rules[sibling], words)
        yield _miss(rules[rule], frame, verdict, gate, percent, episode, words)


def _close(episode: _Episode) -> bool:
    """Whether the rule itself tells of it."""
    return episode.best is not None and episode.best[0] >= CLOSE_PERCENT


def _order(rule: str, rules: dict[str, Rule]) -> tuple[str, int]:
    return rule.partition(MARK)[0], rules[rule].sensitivity


def _changed_gate(rule: Rule, sibling: Rule, words: str) -> tuple[int, Gate]:
    """What stopped it, and how close it came."""
    if words.startswith("sensitivity"):
        margin = rule.sensitivity - sibling.sensitivity
        gate = Gate("sensitivity", False, rule.sensitivity, sibling.sensitivity, margin, "sensitivity")
        return max(1, 100 + margin), gate
    if words.startswith("shield"):
        return 99, Gate("shield", False, "shielded", "not shielded", None, "place")
    return 99, Gate("scene mode", False, rule.scene_mode, sibling.scene_mode, None, "mode")


def _same(a: _Episode, b: _Episode) -> bool:
    """Whether the two were at nearly the same place at nearly the same time."""
    if a.first_ns > b.last_ns + SAME_WITHIN_NS or b.first_ns > a.last_ns + SAME_WITHIN_NS:
        return False
    shared = sorted(a.boxes.keys() & b.boxes.keys())
    if shared:
        return any(_overlap(a.boxes[time], b.boxes[time]) for time in shared)
    ends = ((a.last_ns, b.first_ns), (a.first_ns, b.last_ns))
    return any(_overlap(a.boxes[at], b.boxes[then]) for at, then in ends)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _miss(
    rule: Rule, frame: Event, verdict: Verdict, gate: Gate, percent: int, episode: _Episode, sibling: str = ""
) -> NearMiss:
    return NearMiss(
        rule=rule.id,
        channel=rule.channel,
        frame=frame,
        track=0 if sibling else verdict.track,
        target=verdict.target,
        box=verdict.box,
        score=verdict.score,
        gate=gate,
        percent=percent,
        first_ns=episode.first_ns,
        last_ns=episode.last_ns,
        sibling=sibling,
    )
