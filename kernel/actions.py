"""What is asked of the outputs: every ActionRequested of the session, numbered for each output."""

import msgspec

from kernel.drafting import Drafts
from kernel.events import ActionRequested, MediaWanted


class Action(msgspec.Struct, frozen=True):
    """An ActionRequested without its number."""

    output: str
    kind: str
    command: str
    parameters: dict[str, str]
    event: int | None = None
    also: tuple[int, ...] = ()
    channel: str = ""
    frame: int | None = None
    media: tuple[MediaWanted, ...] = ()


class Actions:
    """Gives each action its key (output, ordinal); nobody acts before it is committed."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._ordinals: dict[str, int] = {}

    def request(self, action: Action, cause: int) -> None:
        """Ask for an action."""
        ordinal = self._ordinals.get(action.output, 0) + 1
        self._ordinals[action.output] = ordinal
        body = ActionRequested(
            output=action.output,
            ordinal=ordinal,
            kind=action.kind,
            command=action.command,
            parameters=action.parameters,
            event=action.event,
            also=action.also,
            channel=action.channel,
            frame=action.frame,
            media=action.media,
        )
        self._drafts.emit(f"linkage.{action.output}", body, cause)

    def state(self) -> dict[str, int]:
        return self._ordinals

    def restore(self, state: dict[str, int]) -> None:
        self._ordinals = state
