"""The front door: command line, daemon, the wiring of the other rooms, and `Recording`, the API for research."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emberline.recording import Recording

__all__ = ["Recording"]


def __getattr__(name: str) -> Any:
    """`Recording` is loaded when it is asked for: the command line starts without polars."""
    if name == "Recording":
        from emberline.recording import Recording

        return Recording
    raise AttributeError(f"module 'emberline' has no attribute {name!r}")
