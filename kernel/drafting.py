"""What the parts of the fold share while they draw conclusions: the time at hand, and where conclusions go."""

from kernel.events import Body
from kernel.references import Draft


class Drafts:
    """The derived events of the fact or timer under way; `time` is the session time (ns) at which they happen."""

    def __init__(self) -> None:
        self.time = 0
        self.ordinal = 0
        """How many derived events the session has had, and so the ordinal of the next one."""
        self._drafts: list[Draft] = []

    def emit(self, source: str, body: Body, cause: int) -> int:
        """Add a derived event and give its ordinal; `cause` is as in `Draft.cause`."""
        self._drafts.append(Draft(self.time, source, body, cause))
        self.ordinal += 1
        return self.ordinal - 1

    def take(self) -> list[Draft]:
        """The derived events since this was last asked for."""
        drafts, self._drafts = self._drafts, []
        return drafts
