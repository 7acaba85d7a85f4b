"""One DuckDB connection, and the segment files attached to it.

Each file is touched through this connection alone and by one thread at a time. DuckDB is kept from reading anything
but these files: no extensions, no temporary files.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from kernel.log.contract import LogLocked, LogUnreadable

STORAGE_VERSION = "v2.0.0"
"""The file format written, so that a newer DuckDB goes on writing what this one reads."""
_ATTACHED_FOR_READING = 16
_SETTINGS: dict[str, Any] = {
    "threads": 1,
    "memory_limit": "512MB",
    "temp_directory": "",
    "checkpoint_threshold": "1TB",  # segments are checkpointed when they are sealed, and stay far below this
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}


class Database:
    """The connection. `lock` is held around every use, also by callers who need several uses in one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._connection = duckdb.connect(":memory:", config=_SETTINGS)
        self._readable: list[Path] = []
        self._writable: set[Path] = set()

    def attach_writable(self, path: Path) -> str:
        """Attach a file for writing, making it if need be; returns its name in SQL."""
        with self.lock:
            if path not in self._writable:
                self._attach(path, f"STORAGE_VERSION '{STORAGE_VERSION}'")
                self._writable.add(path)
            return _alias(path)

    def attach(self, path: Path) -> str:
        """Attach a file for reading if it is not attached yet; returns its name in SQL."""
        with self.lock:
            if path in self._writable:
                return _alias(path)
            if path in self._readable:
                self._readable.remove(path)
            else:
                self._attach(path, "READ_ONLY")
            self._readable.append(path)
            if len(self._readable) > _ATTACHED_FOR_READING:
                self.detach(self._readable[0])
            return _alias(path)

    def detach(self, path: Path) -> None:
        """Let go of a file if it is attached."""
        with self.lock:
            if path in self._writable:
                self._writable.remove(path)
            elif path in self._readable:
                self._readable.remove(path)
            else:
                return
            self._connection.execute(f"DETACH {_alias(path)}")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement. Raises `duckdb.Error`."""
        with self.lock:
            self._connection.execute(sql, list(parameters))

    def insert(self, table: str, rows: Any) -> None:
        """Add all rows of an Arrow table. Raises `duckdb.Error`."""
        with self.lock:
            self._connection.register("arriving", rows)
            try:
                self._connection.execute(f"INSERT INTO {table} SELECT * FROM arriving")
            finally:
                self._connection.unregister("arriving")

    def rows(self, path: Path, table: str, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query on `path`; `{}` in it stands for the table. Raises `LogUnreadable`, naming the file."""
        with self.lock:
            alias = self.attach(path)
            try:
                return self._connection.execute(sql.format(f"{alias}.{table}"), list(parameters)).fetchall()
            except duckdb.Error as error:
                raise LogUnreadable(f"{path} is damaged: {first_line(error)}") from None

    def typed(self, path: Path, table: str, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Like `rows`, as an Arrow table."""
        with self.lock:
            alias = self.attach(path)
            try:
                return self._connection.sql(sql.format(f"{alias}.{table}"), params=list(parameters)).to_arrow_table()
            except duckdb.Error as error:
                raise LogUnreadable(f"{path} is damaged: {first_line(error)}") from None

    def typed_from(self, arriving: Any, sql: str) -> Any:
        """Rows of a query on an Arrow table, for which `{}` stands, as an Arrow table. Raises `duckdb.Error`."""
        with self.lock:
            self._connection.register("arriving", arriving)
            try:
                return self._connection.sql(sql.format("arriving")).to_arrow_table()
            finally:
                self._connection.unregister("arriving")

    def tables(self, path: Path) -> set[str]:
        """The names of the tables in a file that is attached."""
        with self.lock:
            sql = "SELECT table_name FROM duckdb_tables() WHERE database_name = ?"
            return {str(row[0]) for row in self._connection.execute(sql, [_alias(path)]).fetchall()}

    def close(self) -> None:
        """Close everything. Allowed twice."""
        with self.lock:
            self._connection.close()

    def _attach(self, path: Path, options: str) -> None:
        quoted = str(path).replace("'", "''")
        try:
            self._connection.execute(f"ATTACH '{quoted}' AS {_alias(path)} (TYPE duckdb, {options})")
        except duckdb.Error as error:
            message = first_line(error)
            if " lock on file" in message:
                raise LogLocked(f"{path} is in use by another process: {message}") from None
            raise LogUnreadable(f"{path} cannot be opened: {message}") from None


def first_line(error: Exception) -> str:
    """What DuckDB says, without its advice."""
    return str(error).strip().split("\n", 1)[0][:1000]


def _alias(path: Path) -> str:
    return "f" + path.name.replace(".", "_")
