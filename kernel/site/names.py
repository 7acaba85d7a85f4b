"""What the rest of a site file may refer to, known before any of it is read in detail."""

from collections.abc import Mapping

from kernel.site.checks import list_of, reference
from kernel.site.fields import Check
from kernel.site.model import ALWAYS


class Names:
    """Checks for references. `kinds` maps the ids of the channels to their kinds, as far as they are stated."""

    def __init__(self, kinds: Mapping[str, object], schedules: list[str], linkages: list[str]) -> None:
        self.kinds = kinds
        self.channel: Check[str] = reference("channel", list(kinds))
        self.channels: Check[tuple[str, ...]] = list_of(self.channel)
        self.schedule: Check[str] = reference("schedule", [*schedules, ALWAYS])
        self.linkage: Check[tuple[str, ...]] = list_of(reference("linkage", linkages))

    def is_thermal(self, channel: str) -> bool:
        return self.kinds.get(channel) == "thermal"
