"""What every event log promises; `tests/kernel/test_log_contract.py` holds each backend against it."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from kernel.events import Event

GENESIS = bytes(32)
"""The chain digest before the first event."""


class LogError(Exception):
    """The log cannot be used as asked; the message says what, where and what to do."""


class LogLocked(LogError):
    """Another process has the log open for writing."""


class LogUnreadable(LogError):
    """There is no log there, or it is of a newer version, or too damaged to read."""


class NoRoom(LogError):
    """The disk is full. What was to be written can be tried again: what of it is there is not written twice."""


class Head(msgspec.Struct, frozen=True):
    """Where the log stands: the last event's seq and chain digest, the last fact's number and logical time.

    `fact_no` and `time` are of the last fact, even where derived events of earlier facts were appended after it.
    """

    seq: int = 0
    fact_no: int = 0
    time: int = 0
    digest: bytes = GENESIS


class Recovery(msgspec.Struct, frozen=True):
    """Something that was mended, or could not be, when a log was opened after a crash or damage.

    `where` is the file or segment, `lost` the number of events or payloads that are gone (0: nothing was), `detail`
    says why and where the damaged file is kept.
    """

    what: Literal["write_ahead_cut", "events_lost", "payloads_lost", "quarantined", "ledger_mended"]
    where: str
    lost: int
    detail: str


class Selection(msgspec.Struct, frozen=True):
    """Which events to read; None means all. Bounds are inclusive, times logical ns.

    `first_fact` and `last_fact` bound the fact_no: of facts, and of the facts that derived events belong to.
    """

    first: int | None = None
    last: int | None = None
    kinds: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None
    facts_only: bool = False
    derived_only: bool = False
    first_fact: int | None = None
    last_fact: int | None = None


class EventLog(Protocol):
    """Read and append. `seq` is dense from 1; what `append` got is in `read` at once, and durable after `sync`."""

    @property
    def head(self) -> Head:
        """Of all that was appended."""
        ...

    @property
    def committed(self) -> int:
        """The seq up to which everything is durable."""
        ...

    @property
    def recovered(self) -> tuple[Recovery, ...]:
        """What opening the log had to mend; empty after an orderly end and after a plain crash."""
        ...

    @property
    def segment_is_due(self) -> bool:
        """Whether the next unit begins a new segment: if a fold goes on in it, with a StateKept."""
        ...

    def segment_may_end(self, payload_bytes: int, time: int) -> bool:
        """Whether a new segment may be due before frames with so many bytes, up to logical `time`, are all added."""
        ...

    @property
    def segment_starts(self) -> tuple[int, ...]:
        """The first seq of each segment that can be read, in order."""
        ...

    def limit_segments(self, payload_bytes: int) -> None:
        """End each segment, the present one as well, with so many bytes of payloads and bodies."""
        ...

    def append(self, events: Sequence[Event], payload: bytes | None = None) -> tuple[Event, ...]:
        """Add one unit: events with dense seqs; `payload` belongs to the one event of it that names a payload.

        The log chains them: whatever `digest` they hold is replaced, and they are returned with it. A unit is
        committed whole or not at all. The frames of a session come all with their payloads or all without. May
        block while the queue to the disk is full.
        Raises `LogError` where a seq is not the next one or an envelope contradicts its body (nothing is added
        then), where the log is closed or read-only, or once the writer failed.
        """
        ...

    def sync(self) -> None:
        """Return once all that was appended is durable. Raises `LogError` if it cannot be."""
        ...

    def read(self, selection: Selection = Selection()) -> Iterator[Event]:
        """The selected events in order of seq, of all that was appended before the call.

        Raises `LogUnreadable` where an event cannot be understood, naming its seq.
        """
        ...

    def typed(self, kind: str, selection: Selection = Selection()) -> Any:
        """The selected events of one kind as an Arrow table in order of seq; `kinds` of the selection is not looked at.

        Columns are seq, fact_no, time, source, cause and one for each field of the body (see `kernel/log/columns.py`).
        Raises `KeyError` for an unknown kind.
        """
        ...

    def payload(self, seq: int) -> bytes | None:
        """The payload of the event with this seq; None where it has expired. `KeyError` where it never was."""
        ...

    def payloads(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """All payloads from seq `first` to `last` in order."""
        ...

    def close(self) -> None:
        """Commit what is left, seal the segment, let go of the lock. Closing twice is allowed; using it after is not.

        Raises `LogError` where the writer had failed: what `committed` says is then what there is.
        """
        ...
