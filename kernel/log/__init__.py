"""The event log: append-only, chained, in segments. `EventLog` is the contract, `DuckDBLog` and `MemoryLog` keep it."""
