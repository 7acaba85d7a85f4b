"""An explanation as lines of text and as JSON; pages and pictures are made elsewhere from the same."""

from typing import Any

import msgspec

from detectors.rules.gates import Gate
from emberline.civil import Calendar
from emberline.commands.events import as_line
from emberline.console import columns
from emberline.gate_words import shown
from emberline.schedule_margin import schedule_gate
from emberline.wording import what_happened
from kernel.events import ActionRequested, AlarmRaised, Event, RuleTriggered
from kernel.log.contract import EventLog
from kernel.site.model import Site
from replay.explanation import Decision, Explanation

HEADER = ("gate", "verdict", "value", "asked for", "margin")


def all_gates(decision: Decision, site: Site, calendar: Calendar) -> tuple[Gate, ...]:
    """The decision's gates and, beside whether the rule was armed, its schedule in civil time."""
    gates: list[Gate] = []
    for gate in decision.gates:
        gates.append(gate)
        if gate.name == "armed":
            gates.append(schedule_gate(site, decision.rule, decision.frame, calendar))
    return tuple(gates)


def as_text(explanation: Explanation, log: EventLog) -> list[str]:
    """What `emberline explain` prints."""
    calendar = Calendar(log)
    event = explanation.event
    lines = [f"seq {event.seq}  {headline(event)}  {calendar.show(event)}", "", "how it came about:"]
    rows = [(str(e.seq), e.kind, e.source, calendar.show(e), _gist(e)) for e in explanation.chain]
    lines += [f"  {line}" for line in columns(("seq", "event", "source", "time", ""), rows, right=frozenset(("seq",)))]
    if explanation.missing:
        lines += ["", f"its gates cannot be computed any more: {explanation.missing}"]
    for decision in explanation.decisions:
        assert explanation.site is not None
        lines += ["", *_decision_lines(decision, explanation.site, calendar)]
    return lines


def as_json(explanation: Explanation, log: EventLog) -> dict[str, Any]:
    """The same for other programs: times in ns, values as the fold has them."""
    calendar = Calendar(log)
    return {
        "event": as_line(explanation.event),
        "local": calendar.show(explanation.event),
        "chain": [as_line(event) for event in explanation.chain],
        "decisions": [_decision_json(d, explanation.site, calendar) for d in explanation.decisions if explanation.site],
        "missing": explanation.missing or None,
    }


def headline(event: Event) -> str:
    """The event in a few words."""
    body = event.body
    if isinstance(body, AlarmRaised):
        return f"alarm {body.rule} #{body.ordinal}: {what_happened(body)}, target {body.target}, on {body.channel}"
    if isinstance(body, RuleTriggered):
        return f"rule {body.rule} triggered: {what_happened(body)}, target {body.target}, on {body.channel}"
    if isinstance(body, ActionRequested):
        return f"action {body.output} #{body.ordinal}: {body.kind} {body.command}"
    return f"{event.kind} from {event.source}"


def verdict_words(decision: Decision) -> str:
    """What the rule made of it."""
    stopped = [gate.name for gate in decision.gates if not gate.passed]
    if not stopped:
        return "every gate passed, so it alarmed"
    return f"no alarm, stopped by {', '.join(stopped)}"


def _decision_lines(decision: Decision, site: Site, calendar: Calendar) -> list[str]:
    rule, verdict = decision.rule, decision.verdict
    what = f"rule {rule.id} ({rule.type.replace('_', ' ')}), target {verdict.target}, track {verdict.track}"
    lines = [f"{what}: {verdict_words(decision)}", *_table(all_gates(decision, site, calendar))]
    if decision.confirmed is not None:
        began = decision.way[0].frame
        lines += ["", f"  it counts as a target since seq {began.seq}, {calendar.show(began)}:"]
        lines += _table(decision.confirmed.gates)
    agrees = "the same as recorded" if decision.agrees else "NOT what is recorded: other software, or a damaged log"
    return [*lines, "", f"  refolded from the session's start up to frame seq {decision.frame.seq}: {agrees}"]


def _table(gates: tuple[Gate, ...]) -> list[str]:
    rows = [(s.name, s.verdict, s.value, s.limit, s.margin) for s in map(shown, gates)]
    return [f"  {line}" for line in columns(HEADER, rows, right=frozenset(("margin",)))]


def _decision_json(decision: Decision, site: Site, calendar: Calendar) -> dict[str, Any]:
    verdict = decision.verdict
    return {
        "rule": decision.rule.id,
        "type": decision.rule.type,
        "track": verdict.track,
        "target": verdict.target,
        "box": verdict.box,
        "frame": decision.frame.seq,
        "passed": all(gate.passed for gate in decision.gates),
        "stopped_by": [gate.name for gate in decision.gates if not gate.passed],
        "gates": [msgspec.to_builtins(gate) for gate in all_gates(decision, site, calendar)],
        "confirmation": [] if decision.confirmed is None else msgspec.to_builtins(decision.confirmed.gates),
        "target_since": decision.way[0].frame.seq,
        "sightings": len(decision.way),
        "as_recorded": decision.agrees,
    }


def _gist(event: Event) -> str:
    body = event.body
    if isinstance(body, AlarmRaised | RuleTriggered):
        return f"{body.rule}: {what_happened(body)}"
    if isinstance(body, ActionRequested):
        return f"{body.output} {body.command}"
    return str(getattr(body, "reason", ""))
