"""Reading `[channel.recogniser]`: a model that helps to tell what moves. The file itself is not looked at here."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import get_args

from kernel.site.checks import Choice, decimal, flag, seconds, text
from kernel.site.fields import Refused, Table, Value, as_table
from kernel.site.model import Recogniser, TargetName

MILLION = 1_000_000
MAX_CLASS = 9999
LEAST_CONFIDENCE = Decimal("0.05")
"""What a model is less sure of is not even recorded."""
DEFAULT_CONFIDENCE = MILLION // 2
DEFAULT_WAIT_NS = 500_000_000
TARGET = Choice[TargetName](*get_args(TargetName))


def read_recogniser(table: Table | None) -> Recogniser | None:
    """The recogniser of a channel; None where there is none."""
    if table is None:
        return None
    recogniser = Recogniser(
        enabled=table.take("enabled", flag, True),
        model=table.need("model", _model) or "",
        classes=table.need("classes", _classes) or (),
        confidence=table.take("confidence", _confidence, DEFAULT_CONFIDENCE),
        wait_ns=table.take("wait", seconds(0, 5), DEFAULT_WAIT_NS),
        tracking=table.take("tracking", flag, True),
    )
    table.close()
    return recogniser


def _model(value: Value) -> str:
    name = text()(value)
    if not name.lower().endswith(".onnx"):
        raise value.refuse("must be a file that ends in .onnx")
    return name


def _confidence(value: Value) -> int:
    number = decimal(value)
    if number is None or not LEAST_CONFIDENCE <= number <= 1:
        raise value.refuse(f"must be a number from {LEAST_CONFIDENCE} to 1")
    return int((number * MILLION).to_integral_value(ROUND_HALF_EVEN))


def _classes(value: Value) -> tuple[tuple[int, TargetName], ...]:
    """`{ 0 = "human", 2 = "vehicle" }`, in the order of the numbers."""
    table = as_table(value)
    if not table.names():
        raise value.refuse('must not be empty; write what a class number means, such as { 0 = "human" }')
    classes: dict[int, TargetName] = {}
    for name in table.names():
        if len(name) > len(str(MAX_CLASS)) or not (name.isascii() and name.isdigit() and str(int(name)) == name):
            table.error_at(name, f"must be named by a class number of the model, from 0 to {MAX_CLASS}")
            raise Refused("noted at the key")
        target = table.take(name, TARGET, None)
        if target is None:
            raise Refused("noted at the value")
        classes[int(name)] = target
    return tuple(sorted(classes.items()))
