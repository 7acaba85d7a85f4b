"""What a measurement says: a figure, what it must reach, and whether it does."""

import msgspec


class Gate(msgspec.Struct, frozen=True):
    """One line of the measurement. `holds` is None where nothing is demanded; `detail` shows what it is made of."""

    name: str
    value: str
    limit: str = ""
    holds: bool | None = None
    detail: str = ""

    def line(self) -> str:
        mark = {True: "holds", False: "MISSED", None: "     "}[self.holds]
        return f"{mark:6} {self.name:34} {self.value:>16}  {self.limit:18} {self.detail}"


def at_least(name: str, value: float, gate: float, goal: float | None = None, detail: str = "") -> Gate:
    """A share or an F-measure that must reach `gate`, and should reach `goal`."""
    limit = f"≥ {gate:g}" + (f", goal {goal:g}" if goal is not None else "")
    return Gate(name, f"{value:.3f}", limit, value >= gate, detail)
