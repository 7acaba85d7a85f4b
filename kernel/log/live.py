"""The segment being written: begun with its first unit, sealed when another begins or the log is closed."""

from collections.abc import Callable, Sequence

import duckdb

from kernel.log.contract import LogError
from kernel.log.database import Database, first_line
from kernel.log.schema import create_events_file, create_frames_file, event_table, frame_table
from kernel.log.segments import Segment
from kernel.log.units import Unit


class LiveSegment:
    """Commits groups of units. Used by the writer thread alone, and by who closes the log once that has ended."""

    def __init__(self, database: Database, segment: Segment, clock_ns: Callable[[], int]) -> None:
        self.segment = segment
        self.last_seq = segment.first_seq - 1
        self.last_frame = 0
        """The seq of the last payload stored in it, 0 before the first."""
        self.has_frames = False
        self._database = database
        self._clock_ns = clock_ns
        self._events = create_events_file(database, segment.events)
        self._frames = ""

    def commit(self, units: Sequence[Unit]) -> None:
        """Write whole units: their frames first, in a transaction of their own, then the events that name them."""
        try:
            frames = frame_table(units)
            if frames is not None:
                if not self.has_frames:
                    self._frames = create_frames_file(self._database, self.segment.frames)
                    self.has_frames = True
                self._database.insert(f"{self._frames}.frames", frames)
            self._database.insert(f"{self._events}.events", event_table(units, self._clock_ns()))
        except duckdb.Error as error:
            raise LogError(f"{self.segment.events}: {first_line(error)}") from error
        self.last_seq = units[-1].rows[-1].seq
        self.last_frame = max([self.last_frame, *(unit.frame for unit in units if unit.frame is not None)])

    def let_go(self) -> None:
        """Close its files as they are: what is committed stays in their write-ahead files, for the sealer."""
        with self._database.lock:
            self._database.execute("PRAGMA disable_checkpoint_on_shutdown")
            self._database.detach(self.segment.events)
            self._database.detach(self.segment.frames)
            self._database.execute("PRAGMA enable_checkpoint_on_shutdown")
