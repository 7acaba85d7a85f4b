"""The segment being written: begun with its first unit, sealed when another begins or the log is closed."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kernel.log.contract import LogError, NoRoom
from kernel.log.database import Database, first_line
from kernel.log.schema import create_events_file, create_frames_file, event_table, frame_table
from kernel.log.sealing import remove_file
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
        self._events = self._made(create_events_file, segment.events)
        self._frames = ""

    def commit(self, units: Sequence[Unit]) -> None:
        """Write whole units: their frames first, in a transaction of their own, then the events that name them.

        Raises `NoRoom` where the disk is full: the same units can then be committed again, and no frame is stored
        twice. `LogError` for everything else.
        """
        fresh = [unit for unit in units if unit.frame is not None and unit.frame > self.last_frame]
        frames = frame_table(fresh)
        if frames is not None:
            if not self.has_frames:
                self._frames = self._made(create_frames_file, self.segment.frames)
                self.has_frames = True
            self._insert(f"{self._frames}.frames", frames)
            self.last_frame = max(unit.frame or 0 for unit in fresh)
        self._insert(f"{self._events}.events", event_table(units, self._clock_ns()))
        self.last_seq = units[-1].rows[-1].seq

    def _made(self, create: Callable[[Database, Path], str], path: Path) -> str:
        """The file's name in SQL; what a full disk left of it is removed."""
        try:
            return create(self._database, path)
        except (duckdb.Error, LogError) as error:
            if _is_full(error):
                remove_file(self._database, path)
            raise self._trouble(error) from error

    def _insert(self, table: str, rows: Any) -> None:
        try:
            self._database.insert(table, rows)
        except duckdb.Error as error:
            raise self._trouble(error) from error

    def _trouble(self, error: Exception) -> LogError:
        words = f"{self.segment.events}: {first_line(error)}"
        return NoRoom(words) if _is_full(error) else LogError(words)

    def let_go(self) -> None:
        """Close its files as they are: what is committed stays in their write-ahead files, for the sealer."""
        with self._database.lock:
            self._database.execute("PRAGMA disable_checkpoint_on_shutdown")
            self._database.detach(self.segment.events)
            self._database.detach(self.segment.frames)
            self._database.execute("PRAGMA enable_checkpoint_on_shutdown")


def _is_full(error: Exception) -> bool:
    """DuckDB gives the system's reason in words only."""
    return any(os.strerror(number) in str(error) for number in (errno.ENOSPC, errno.EDQUOT))
