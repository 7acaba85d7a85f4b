"""All rules of a channel, held against its targets frame by frame."""

from collections.abc import Mapping
from typing import Any

import msgspec

from detectors.rules.gates import Gate, armed_gate, gates, passes, score_gate
from detectors.rules.intrusion import Intrusion
from detectors.rules.line_crossing import LineCrossing
from detectors.rules.moment import Moment, Watch, band_of, position_of
from detectors.rules.region_passing import RegionPassing
from detectors.target import Target
from kernel.detector import RuleHit
from kernel.events import Box, TargetClass
from kernel.site.model import Point, Rule
from kernel.state import StateDamaged, as_state


class Verdict(msgspec.Struct, frozen=True):
    """How one rule judges one sighting of one target: it is a hit iff all `gates` pass.

    `position` is the anchor, `band` the hysteresis and `distance` how far the anchor is from the rule's line or
    boundary, all in millionths of a source pixel. `score` is in tenths of σ, `box` in millionths of the frame.
    """

    rule: str
    track: int
    target: TargetClass
    box: Box
    score: int
    position: Point
    band: int
    distance: int
    gates: tuple[Gate, ...]

    @property
    def hit(self) -> bool:
        return all(gate.passed for gate in self.gates)


class RuleBook:
    """The rules of one channel and what they remember of its tracks.

    Parameters
    ----------
    rules : in the order in which their hits are to come.
    frame_size : width and height of the source in pixels.

    Raises
    ------
    ValueError where the frame size is not positive, two rules share an id, or a rule lacks its line or region.
    """

    def __init__(self, rules: tuple[Rule, ...], frame_size: tuple[int, int]) -> None:
        if min(frame_size) < 1:
            raise ValueError(f"frame size {frame_size[0]} x {frame_size[1]}: both must be at least 1 pixel")
        self._frame_size = frame_size
        self._rules: dict[str, Rule] = {}
        self._watches: dict[str, Watch] = {}
        self.configure(rules)

    def configure(self, rules: tuple[Rule, ...]) -> None:
        """Take over `rules`. One whose type, geometry and anchor are as before keeps what it remembers."""
        by_id = {rule.id: rule for rule in rules}
        if len(by_id) < len(rules):
            raise ValueError("two rules of a channel share an id; each needs its own")
        watches: dict[str, Watch] = {}
        for rule in rules:
            old = self._rules.get(rule.id)
            kept = old is not None and _follows_the_same(old, rule)
            watches[rule.id] = self._watches[rule.id] if kept else _watch(rule, self._frame_size)
        self._rules, self._watches = by_id, watches

    def judge(
        self, rule_targets: Mapping[str, tuple[Target, ...]], captured_ns: int, armed: Mapping[str, int]
    ) -> tuple[RuleHit, ...]:
        """Hold one frame's targets against the rules.

        Parameters
        ----------
        rule_targets : by rule id, the live tracks as that rule sees them. Tracks no longer listed are forgotten.
        captured_ns : session time of the frame.
        armed : the armed rules, each with the session time since when it is armed.

        Returns
        -------
        The hits in the order of the rules, then of the tracks. A target that was not seen in this frame is
        remembered and brings about none.
        """
        hits: list[RuleHit] = []
        for rule in self._rules.values():
            targets = sorted(rule_targets.get(rule.id, ()), key=lambda target: target.track)
            hits.extend(self._judge_rule(rule, targets, captured_ns, armed.get(rule.id)))
        return tuple(hits)

    def examine(
        self, rule_targets: Mapping[str, tuple[Target, ...]], captured_ns: int, armed: Mapping[str, int]
    ) -> tuple[Verdict, ...]:
        """The verdict on every sighting that `judge`, called next with the same arguments, decides on.

        Changes nothing. In the order of the rules, then of the tracks.
        """
        verdicts: list[Verdict] = []
        for rule in self._rules.values():
            targets = sorted(rule_targets.get(rule.id, ()), key=lambda target: target.track)
            verdicts += [self._verdict(rule, t, captured_ns, armed.get(rule.id)) for t in targets if t.seen]
        return tuple(verdicts)

    def state(self) -> dict[str, object]:
        """What each rule remembers, in the order of the rules."""
        return {id: watch.state() for id, watch in self._watches.items()}

    def restore(self, state: object) -> None:
        """Go on with what `state` gave, of a book of the same rules."""
        kept = as_state(state, dict[str, Any])
        if list(kept) != list(self._watches):
            raise StateDamaged("the state is of other rules than these")
        for id, watch in self._watches.items():
            watch.restore(kept[id])

    def _judge_rule(self, rule: Rule, targets: list[Target], captured_ns: int, armed_ns: int | None) -> list[RuleHit]:
        watch = self._watches[rule.id]
        hits: list[RuleHit] = []
        for target in targets:
            if not target.seen:  # where it is meanwhile supposed to be is a guess, and no part of its path
                continue
            moment = self._moment(rule, target, captured_ns, armed_ns)
            for detail in watch.follow(moment):
                hits.append(RuleHit(rule.id, rule.type, target.track, target.target, target.box, detail))
        watch.keep([target.track for target in targets])
        return hits

    def _verdict(self, rule: Rule, target: Target, captured_ns: int, armed_ns: int | None) -> Verdict:
        watch, moment = self._watches[rule.id], self._moment(rule, target, captured_ns, armed_ns)
        passed = (score_gate(rule, target), *gates(rule, target), armed_gate(captured_ns, armed_ns))
        return Verdict(
            rule=rule.id,
            track=target.track,
            target=target.target,
            box=target.box,
            score=target.score,
            position=moment.position,
            band=moment.band,
            distance=watch.distance(moment.position),
            gates=(*passed, *watch.gates(moment)),
        )

    def _moment(self, rule: Rule, target: Target, captured_ns: int, armed_ns: int | None) -> Moment:
        return Moment(
            rule=rule,
            track=target.track,
            position=position_of(target, rule.anchor, self._frame_size),
            band=band_of(target, self._frame_size),
            captured_ns=captured_ns,
            first_seen_ns=target.first_seen_ns,
            armed_ns=armed_ns,
            ready=armed_ns is not None and passes(rule, target),
        )


def _watch(rule: Rule, frame_size: tuple[int, int]) -> Watch:
    if rule.type == "line_crossing":
        if rule.line is None:
            raise ValueError(f"rule {rule.id!r}: line_crossing needs a line of two points")
        return LineCrossing(rule.line, frame_size)
    if rule.region is None:
        raise ValueError(f"rule {rule.id!r}: {rule.type} needs a region of at least three points")
    if rule.type == "intrusion":
        return Intrusion(rule.region, frame_size)
    return RegionPassing(rule.region, frame_size, inwards=rule.type == "region_entrance")


def _follows_the_same(old: Rule, new: Rule) -> bool:
    """Whether what was remembered for `old` still says where targets are in the terms of `new`."""
    same_geometry = (old.line, old.region) == (new.line, new.region)
    return old.type == new.type and same_geometry and old.anchor == new.anchor
