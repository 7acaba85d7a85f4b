"""What this version reads, checks and records, but does not act on yet: `check` says so, and promises nothing.

A feature leaves this table when the code that acts on it is there.
"""

from kernel.site.fields import Table

NOT_YET = frozenset(
    {
        "linkage.capture",
    }
)
MESSAGE = "understood, but this version does not act on it yet"


def warn_if_not_yet(feature: str, table: Table, name: str | None = None) -> None:
    """Warn at the key `name` of the table, or at the table, if `feature` is still to come."""
    if feature in NOT_YET:
        table.warn(MESSAGE, name)
