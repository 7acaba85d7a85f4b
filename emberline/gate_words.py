"""The gates of a rule in the units and words of people."""

import msgspec

from detectors.rules.gates import Gate
from emberline.wording import DIRECTIONS

MOST_SCORE = 255
"""Scores end here: a byte."""


class Shown(msgspec.Struct, frozen=True):
    """A gate as a row of a table."""

    name: str
    verdict: str
    value: str
    limit: str
    margin: str


def shown(gate: Gate) -> Shown:
    """The gate's numbers in seconds, pixels, σ or percent of the picture; lengths of the margin carry a sign."""
    return Shown(
        name=gate.name.replace("_", " "),
        verdict="passed" if gate.passed else "stopped",
        value=_words(gate, gate.value),
        limit=_limit(gate),
        margin="" if gate.margin is None else _measure(gate.unit, gate.margin, signed=True),
    )


def sentence(gate: Gate) -> str:
    """What the gate found, as a plain sentence for somebody who has never seen a settings page."""
    value, limit = _words(gate, gate.value), _words(gate, gate.limit)
    told = _TELLERS.get(gate.name.split(".")[0])
    words = (
        f"{gate.name}: {value}, asked for is {_limit(gate) or 'nothing'}" if told is None else told(gate, value, limit)
    )
    return f"{words}."


def spare(gate: Gate) -> str:
    """How much there was to spare, or was missing; empty where there is no distance."""
    if gate.margin is None or gate.unit in ("sensitivity", "crossings", "entrances", "exits", "hits", "live alarms"):
        return ""
    size = _measure(gate.unit, abs(gate.margin))
    return f" ({size} to spare)" if gate.passed else f" ({size} short)"


_AT_MOST = ("size.max_width", "size.max_height", "gaps", "once a stay", "single alarm")


def _limit(gate: Gate) -> str:
    if gate.limit is None:
        return ""
    sign = "" if isinstance(gate.limit, str) else ("≤ " if gate.name in _AT_MOST else "≥ ")
    return sign + _words(gate, gate.limit)


def _words(gate: Gate, value: int | str | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, str) and gate.unit == "millionths":
        return " x ".join(_measure(gate.unit, int(side)) for side in value.split(" x "))
    if isinstance(value, str):
        return DIRECTIONS.get(value, value)
    if gate.unit == "tenths of sigma" and value == MOST_SCORE:
        return f"{_measure(gate.unit, value)} or more"
    return _measure(gate.unit, value)


def _measure(unit: str, value: int, signed: bool = False) -> str:
    sign = "+" if signed else ""
    match unit:
        case "ns":
            return f"{value / 1e9:{sign}.2f} s"
        case "millionths":
            return f"{value / 1e4:{sign}.2f} %"
        case "millionths of a pixel":
            return f"{value / 1e6:{sign}.1f} px"
        case "hundredths of a pixel":
            return f"{value / 1e2:{sign}.1f} px"
        case "tenths of sigma":
            return f"{value / 10:{sign}.1f} σ"
        case _:
            return f"{value:{sign}d}"


def _score(gate: Gate, value: str, limit: str) -> str:
    scale = "σ is how much the background itself varies"
    return f"It stood out from the background by {value} ({scale}); this sensitivity asks for {limit}{spare(gate)}"


def _active(gate: Gate, value: str, limit: str) -> str:
    return f"The rule is switched on, at sensitivity {value}" if gate.passed else "The rule is switched off"


def _target(gate: Gate, value: str, limit: str) -> str:
    if value == "unknown":
        return f"It had not been classified yet; such targets count (the rule watches for {limit})"
    verb = "watches for" if gate.passed else "watches only for"
    return f"It was taken for {article(value)} {value}; the rule {verb} {limit}"


def _size(gate: Gate, value: str, limit: str) -> str:
    if gate.limit is None:
        return "No size limit is set for such targets"
    least, side = ("least", gate.name[9:]) if ".min_" in gate.name else ("most", gate.name[9:])
    of = "width" if side == "width" else "height"
    return f"Its {of} was {value} of the picture; at {least} {limit} is asked for{spare(gate)}"


def _armed(gate: Gate, value: str, limit: str) -> str:
    return f"The rule had been armed for {value}" if gate.passed else "The rule was not armed at that moment"


def _schedule(gate: Gate, value: str, limit: str) -> str:
    if gate.margin is None:
        return f"Its schedule: {limit}"
    within = "within" if gate.passed else "outside"
    return f"It was {value}, {within} the schedule {limit} by {_measure('ns', abs(gate.margin))}"


def _hysteresis(gate: Gate, value: str, limit: str) -> str:
    left = "and so had clearly left it" if gate.passed else "and so had not clearly left it"
    return f"It was {value} away from the line, {left}: from {limit} on{spare(gate)}"


def _crossing(gate: Gate, value: str, limit: str) -> str:
    return "Its way crossed the line" if gate.passed else "Its way did not cross the line"


def _direction(gate: Gate, value: str, limit: str) -> str:
    if value == "none":
        return "There was no crossing whose direction could count"
    counts = "both directions count" if limit == "both" else f"only {limit} counts"
    return f"It went from {value}; {counts}"


def _inside(gate: Gate, value: str, limit: str) -> str:
    where = "inside" if gate.passed else "outside"
    return f"It stood {value.lstrip('-')} {where} the region's edge"


def _clearly(gate: Gate, value: str, limit: str) -> str:
    if gate.passed:
        return "It had been clearly inside the region, not merely touching its edge"
    return "It had not yet been clearly inside the region"


def _duration(gate: Gate, value: str, limit: str) -> str:
    if isinstance(gate.value, int) and gate.value < 0:
        return f"Its stay in the region had not begun; the rule asks for {limit}"
    return f"It had been in the region for {value}; the rule asks for {limit}{spare(gate)}"


def _once(gate: Gate, value: str, limit: str) -> str:
    return f"This stay had {'not yet' if gate.passed else 'already'} set off the rule"


def _entrance(gate: Gate, value: str, limit: str) -> str:
    return f"It had {'' if gate.passed else 'not '}clearly come from outside to inside the region"


def _exit(gate: Gate, value: str, limit: str) -> str:
    return f"It had {'' if gate.passed else 'not '}clearly gone from inside to outside the region"


def _single(gate: Gate, value: str, limit: str) -> str:
    if gate.limit is None:
        return "Alarms of this rule repeat while the target stays"
    if gate.passed:
        return "No alarm of this rule was on for this target yet"
    return "The alarm of this rule for this target was on already, and one alarm a target is what the rule asks for"


def _sensitivity(gate: Gate, value: str, limit: str) -> str:
    return f"The rule is set to sensitivity {value}; at {limit} there would have been an alarm"


def _shield(gate: Gate, value: str, limit: str) -> str:
    return "It was under a shielded area, where rules see nothing; without the shield there would have been an alarm"


def _scene_mode(gate: Gate, value: str, limit: str) -> str:
    return f"The rule is set to scene mode {value}; in mode {limit} there would have been an alarm"


def _sightings(gate: Gate, value: str, limit: str) -> str:
    return f"It was seen {value} times; from {limit} sightings on a trace counts"


def _seen_for(gate: Gate, value: str, limit: str) -> str:
    return f"It was followed for {value}; from {limit} on a trace counts{spare(gate)}"


def _gaps(gate: Gate, value: str, limit: str) -> str:
    return f"It was lost in {value} frames meanwhile; {limit} are allowed"


def _travel(gate: Gate, value: str, limit: str) -> str:
    return f"The side that leads came {value} from where it appeared; something of its size needs {limit}{spare(gate)}"


def _reach(gate: Gate, value: str, limit: str) -> str:
    return f"Its middle came {value} from where it appeared; in a picture of this size {limit} are needed{spare(gate)}"


def _straight(gate: Gate, value: str, limit: str) -> str:
    return f"It got {value} ahead; on the way that it took {limit} are needed, since leaves go to and fro{spare(gate)}"


def article(word: str) -> str:
    """`a` or `an`."""
    return "an" if word[0] in "aeiou" else "a"


_TELLERS = {
    "score": _score,
    "active": _active,
    "target": _target,
    "size": _size,
    "armed": _armed,
    "schedule": _schedule,
    "hysteresis": _hysteresis,
    "crossing": _crossing,
    "direction": _direction,
    "inside": _inside,
    "clearly inside": _clearly,
    "duration": _duration,
    "once a stay": _once,
    "entrance": _entrance,
    "exit": _exit,
    "single alarm": _single,
    "sensitivity": _sensitivity,
    "shield": _shield,
    "scene mode": _scene_mode,
    "sightings": _sightings,
    "seen for": _seen_for,
    "gaps": _gaps,
    "travel": _travel,
    "reach": _reach,
    "straightness": _straight,
}
