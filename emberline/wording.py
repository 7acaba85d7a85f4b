"""Events in the words of people."""

from kernel.events import AlarmRaised, RuleTriggered

DIRECTIONS = {"a_to_b": "A to B", "b_to_a": "B to A"}


def what_happened(body: AlarmRaised | RuleTriggered) -> str:
    """What the target did: `line crossing, A to B`."""
    did = body.type.replace("_", " ")
    return f"{did}, {DIRECTIONS[body.detail]}" if body.detail in DIRECTIONS else did
